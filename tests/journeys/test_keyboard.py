"""The whole journey by keyboard only, on a narrow screen."""

import re

import pytest
from playwright.sync_api import expect

from submissions.responses.models import Version
from tests.journeys.conftest import scrolls_sideways
from tests.journeys.keyboard import FOCUS, Keyboard
from tests.journeys.waiting import wait_until
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)
MANY = [{"key": f"o{number}", "label": f"Option {number}"} for number in range(8)]
GRID = {
    "key": "split",
    "kind": "matrix",
    "label": "How fair was it?",
    "options": MANY[:4],
    "rows": [{"key": "money", "label": "Money"}, {"key": "risk", "label": "Risk"}],
}


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no-script"])
def test_from_the_call_page_to_the_receipt_by_keyboard(open_browser, at, scripted):
    call = make_call()
    at(while_open(call))
    page = open_browser(320, java_script_enabled=scripted)
    page.goto(f"/calls/{call.slug}/")
    keys = Keyboard(page)
    keys.press("Tab")
    assert page.evaluate(FOCUS)["words"] == "Skip to main content"
    keys.press("Enter")
    keys.follow("Start now")
    keys.tick("roles", "provider")
    keys.write("email", "someone@example.org")
    keys.choose("age", "adult")
    keys.follow("Save and continue")
    keys.tick("history", "bid")
    keys.choose("fairness_money", "good")
    keys.choose("fairness_risk", "poor")
    keys.tab_to(lambda focus: focus["words"] == "Clear this answer: Split of risk")
    keys.press("Enter")
    wait_until(page, "document.activeElement?.id === 'id_fairness-risk'")
    keys.write("story", "We were named in the bid.")
    keys.follow("Save and continue")
    keys.choose("publication", "anonymous")
    keys.choose("quote_ok", "no")
    keys.tick("declaration", "yes")
    keys.follow("Save and continue")
    keys.follow("Change Your evidence")
    keys.write("story", " And more.")
    keys.follow("Save and continue")
    keys.follow("Submit your response")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your response has been received")
    assert Version.objects.get().choices["fairness"] == {"money": "good"}


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no-script"])
def test_fold_is_opened_and_answered_and_stays_open_when_its_last_choice_is_cleared(
    start_response, at, scripted
):
    barriers = {"key": "barriers", "kind": "checkboxes", "label": "What is hard?", "options": MANY}
    call = make_call(about_questions=[barriers, GRID])
    at(while_open(call))
    page = start_response(call, "response/about/", 320, java_script_enabled=scripted)
    assert page.locator("#id_barriers").is_hidden()
    assert page.locator("#id_split-risk").is_hidden()
    page.emulate_media(media="print")
    assert page.get_by_role("radio", name="Option 1").count() == 2
    assert page.locator("#id_split-risk").is_visible()
    page.emulate_media(media="screen")
    keys = Keyboard(page)
    keys.tab_to(lambda focus: focus["words"] == "What is hard? (optional)")
    keys.press("Enter")
    keys.tick("barriers", "o0")
    keys.tab_to(lambda focus: focus["words"] == "How fair was it? (optional)")
    keys.press("Enter")
    keys.choose("split_risk", "o2")
    keys.tab_to(lambda focus: focus["words"] == "Clear this answer: Risk")
    with page.expect_response("**/response/**"):
        keys.press("Enter")
    wait_until(page, "document.activeElement?.id === 'id_split-risk'")
    assert page.locator("#id_split-risk").is_visible()
    assert page.locator("#question-split :checked").count() == 0
    keys.follow("Save and continue")
    page.goto(f"/calls/{call.slug}/response/about/")
    assert page.locator("[name=barriers][value=o0]").is_checked()
    assert page.locator("[name=barriers][value=o7]").is_visible()


@pytest.mark.parametrize("scripted", [True, False], ids=["script", "no-script"])
def test_error_in_a_fold_that_was_closed_is_reached_from_the_summary(start_response, at, scripted):
    none = {"key": "none", "label": "None of these", "exclusive": True}
    hard = {"key": "hard", "kind": "checkboxes", "label": "What is hard?", "options": [*MANY, none]}
    call = make_call(about_questions=[hard, GRID])
    at(while_open(call))
    page = start_response(call, "response/about/?return=check", 320, java_script_enabled=scripted)
    page.evaluate("for (const at of document.getElementsByName('hard')) at.checked = true")
    page.get_by_role("button", name="Save and continue").last.click()
    message = "Select “None of these” or the other answers, not both"
    page.get_by_role("link", name=message).wait_for()
    assert page.locator("#question-hard details").get_attribute("open") is not None
    assert page.locator("#question-split details").get_attribute("open") is None
    page.locator("#question-hard summary").click()
    assert page.locator("#id_hard").is_hidden()
    page.get_by_role("link", name=message).click()
    wait_until(page, "document.activeElement?.id === 'id_hard'")
    assert page.locator("#id_hard").is_visible()


def test_link_to_a_folded_question_opens_it(start_response, at):
    call = make_call(about_questions=[GRID])
    at(while_open(call))
    page = start_response(call, "response/about/?return=check#question-split", 320)
    assert page.locator("#id_split-money").is_visible()
    assert page.get_by_text("How fair was it?").bounding_box()["y"] >= 0


def test_buttons_below_the_questions_fit_with_larger_letters(start_response, at):
    call = make_call(about_questions=[GRID])
    at(while_open(call))
    page = start_response(call, "response/about/", 375, bypass_csp=True)
    page.locator("summary").click()
    for width, size in ((375, 200), (320, 125)):
        page.set_viewport_size({"width": width, "height": 800})
        page.add_style_tag(content=f":root {{ font-size: {size}% }}")
        assert (width, scrolls_sideways(page)) == (width, False)


@pytest.fixture
def page_that_cannot_save(start_response, at):
    call = make_call()
    at(while_open(call))
    page = start_response(call, "response/evidence/", 320)
    page.route("**/response/save/", lambda route: route.abort())
    return page


def test_nothing_is_hidden_under_the_warning_or_seen_through_it(page_that_cannot_save):
    page = page_that_cannot_save
    page.get_by_label("Bid alone").check()
    page.locator("[data-unsaved] .notice").wait_for()
    page.get_by_role("link", name="Skip to main content").focus()
    Keyboard(page).tab_to(lambda focus: focus["words"].startswith("Save and continue"))
    ground = "one => getComputedStyle(one).backgroundColor"
    assert page.locator(".in-sight").evaluate(ground) == page.locator("body").evaluate(ground)


def test_warning_that_comes_up_leaves_what_has_the_focus_in_sight(page_that_cannot_save):
    page = page_that_cannot_save
    last = page.locator("textarea").last
    last.evaluate("one => one.focus({ preventScroll: true })")
    page.evaluate(
        "scrollBy(0, document.activeElement.getBoundingClientRect().top + 60 - innerHeight)"
    )
    last.dispatch_event("input")
    page.locator("[data-unsaved] .notice").wait_for()
    focus = page.evaluate(FOCUS)
    assert focus["name"] == last.get_attribute("name")
    assert focus["seen"]
    assert focus["uncovered"]


def test_error_has_the_title_the_focus_and_leads_to_the_field(start_response, at):
    call = make_call()
    at(while_open(call))
    page = start_response(call, "response/about/", 320)
    keys = Keyboard(page)
    keys.tab_to(lambda focus: focus["words"] == "Save and continue")
    keys.press("Enter")
    page.locator(".error-summary").wait_for()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".error-summary")).to_be_focused()
    keys.tab_to(lambda focus: focus["words"] == "Select how old you are")
    keys.press("Enter")
    expect(page.locator("#id_age")).to_be_focused()


@pytest.mark.parametrize("scripted", [True, False])
def test_error_that_comes_again_is_led_to_again(start_response, at, scripted):
    """A link to a field stays in the browser's address, where it would outdo the summary."""
    call = make_call()
    at(while_open(call))
    page = start_response(call, "response/", 320, java_script_enabled=scripted)
    for address, button in (
        (f"/calls/{call.slug}/response/about/?return=check", "Save and continue"),
        (f"/calls/{call.slug}/response/check/", "Submit your response"),
    ):
        page.goto(f"{address}#main")
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()
        assert page.url.endswith(address)
        assert page.locator(".error-summary").bounding_box()["y"] >= 0
        if scripted:
            expect(page.locator(".error-summary")).to_be_focused()
