"""Going back: public pages come out of the browser's memory, nobody's answers do."""

import pytest
from playwright.sync_api import Error, expect

from submissions.responses import drafting
from submissions.responses.models import Submission
from tests.journeys.conftest import QUIET
from tests.journeys.waiting import wait_until
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = ["", "privacy/"]
NOTE = "addEventListener('pageshow', ({ persisted }) => { window.persisted = persisted; })"
WHY_NOT = "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture(scope="module")
def browser(chromium, full_chromium_program):
    """One that keeps pages to go back to; Playwright turns that off otherwise."""
    browser = chromium.browser_type.launch(
        executable_path=full_chromium_program,
        args=QUIET,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def page(browser, live_server):
    page = browser.new_page(base_url=live_server.url)
    page.set_default_timeout(15_000)
    yield page
    page.close()


def go_back(page):
    """Playwright's own waits for a load, which does not come out of the memory."""
    before = page.url
    page.evaluate("history.back()")
    wait_until(page, "(before) => location.href !== before", before)
    wait_until(page, "document.readyState === 'complete'")


def test_public_pages_come_out_of_the_browsers_memory(page, call):
    for rest in PUBLIC:
        page.goto(f"/calls/{call.slug}/{rest}")
        page.evaluate(NOTE)
        page.goto(f"/calls/{call.slug}/return/")
        go_back(page)
        wait_until(page, "'persisted' in window")
        kept = (rest, page.evaluate("window.persisted"), page.evaluate(WHY_NOT))
        assert kept == (rest, True, "null")


def test_started_call_and_page_of_errors_lead_back_to_what_was_saved(page, call):
    provider = page.get_by_label("I provide services")
    page.goto(f"/calls/{call.slug}/")
    page.get_by_role("button", name="Start now").first.click()
    page.wait_for_url("**/response/about/")
    go_back(page)
    page.get_by_role("button", name="Start now").first.click()
    page.wait_for_url("**/response/")
    assert Submission.objects.count() == 1
    page.goto(f"/calls/{call.slug}/response/about/")
    for where, leave in (
        ("privacy", page.get_by_role("link", name="Privacy", exact=True)),
        ("leave", page.get_by_role("button", name="Save and come back later")),
    ):
        page.get_by_role("button", name="Save and continue").last.click()
        page.get_by_text("There is a problem").wait_for()
        provider.check()
        leave.click()
        page.wait_for_url(f"**/{where}/*")
        go_back(page)  # to no page of the browser's own
        expect(provider).to_be_checked()


def test_page_of_errors_that_alone_has_a_text_can_be_sent_again(page, call):
    page.goto(f"/calls/{call.slug}/")
    page.get_by_role("button", name="Start now").first.click()
    page.wait_for_url("**/response/about/")
    page.goto(f"/calls/{call.slug}/response/evidence/")
    draft = Submission.objects.get()
    drafting.save_answers(
        submission=draft, call=call, values={"story": "Theirs."}, at=while_open(call)
    )
    page.get_by_label("What happened?").fill("Mine.")
    for said in ("Choose which answer to keep", "There is a problem"):
        page.get_by_role("button", name="Save and continue").last.click()
        page.get_by_role("heading", name=said).wait_for()
    page.get_by_role("link", name="Privacy", exact=True).click()
    page.wait_for_url("**/privacy/*")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()  # to the browser's own page, which asks whether to send it again


def test_nobodys_answers_come_back_after_signing_out(page, call):
    page.goto(f"/calls/{call.slug}/")
    page.get_by_role("button", name="Start now").first.click()
    page.wait_for_url("**/response/about/")
    draft = Submission.objects.get()
    drafting.save_answers(
        submission=draft, call=call, values={"story": "For nobody else."}, at=while_open(call)
    )
    for rest in ("evidence/", "check/", "forget/"):
        page.goto(f"/calls/{call.slug}/response/{rest}")
        assert ("For nobody else." in page.content()) is (rest != "forget/")
    page.get_by_role("button", name="Sign this computer out").click()
    page.get_by_text("This computer is signed out of your response").wait_for()
    for rest in ("forget/", "check/", "evidence/", "about/"):
        go_back(page)
        assert page.url.endswith(f"/response/{rest}")
        page.get_by_role("heading", name="There is no response on this device").wait_for()
        assert "For nobody else." not in page.content()
