"""From the call page to the steering group's CSV, in a browser, at the narrow width."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from accounts.models import AuditEvent
from submissions.responses.models import Submission, Version
from tests.makers import PASSWORD, make_first_call, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
STORY = "We were named in the bid.\n=1+1 of the work reached us."


@pytest.fixture
def call(at):
    call = make_first_call()
    at(while_open(call))
    return call


def choose(page, question, *answers):
    for answer in answers:
        page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


def go_on(page):
    page.get_by_role("button", name="Save and continue").click()


def stands_at(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_from_the_call_page_to_the_receipt(open_browser, look, call, javascript):
    # axe itself is a script: without JavaScript the same steps are walked without it.
    check = look if javascript else lambda page, name: None
    page = open_browser(320, java_script_enabled=javascript)
    page.goto("/")
    check(page, "call")
    expect(page.locator("main")).to_contain_text("midday on Wednesday 24 July 2019 (UK time)")
    page.get_by_role("link", name="Read all the questions first").click()
    check(page, "questions")
    page.go_back()
    page.get_by_role("button", name="Start now").first.click()
    stands_at(page, "About you")
    page.get_by_role("link", name="Back", exact=True).click()
    stands_at(page, "Your response")
    check(page, "task-list")

    page.get_by_role("link", name="About you").click()
    go_on(page)
    expect(page).to_have_title(re.compile("^Error: "))
    check(page, "about-you-errors")
    page.get_by_role("link", name="Enter your email address").click()
    expect(page.locator("[name=email]")).to_be_focused()
    choose(page, "Which of these describes your experience?", call.roles.first().label)
    choose(page, "Are you responding for an organisation", "For an organisation")
    page.get_by_label("What is your email address?").fill("tamsin@example.org")
    check(page, "about-you")
    go_on(page)

    answer_required(page, call, check)
    stands_at(page, "Check your answers")
    check(page, "check-incomplete")
    page.get_by_role("button", name="Submit your response").click()
    expect(page).to_have_title(re.compile("^Error: "))
    check(page, "check-errors")
    assert Version.objects.count() == 0

    story = call.questions_by_key["poor_practice"]
    page.get_by_text("optional questions have no answer").click()
    page.get_by_role("link", name=story.label, exact=True).click()
    page.get_by_label(story.label).fill(STORY)
    check(page, "collaboration")
    go_on(page)
    stands_at(page, "Check your answers")
    check(page, "check")
    page.get_by_role("button", name="Submit your response").click()
    stands_at(page, "Your response has been received")
    check(page, "submitted")
    reference = Submission.objects.get().reference
    expect(page.locator("main")).to_contain_text(reference)
    page.reload()
    expect(page.locator("main")).to_contain_text(reference)


def answer_required(page, call, check):
    """Answer what must be answered, page by page, until nothing is left but checking."""
    choices = {
        "org_type": "charity",
        "income_band": "25k_100k",
        "area": "wales",
        "service_area": "advice",
        "bid_history": "led_partnership",
        "publication": "anonymous",
        "org_name_listed": "no",
        "quote_ok": "yes",
        "contact_followup": "no",
    }
    seen = set()
    while page.get_by_role("heading", level=1).inner_text() != "Check your answers":
        assert page.url not in seen, page.locator("main").inner_text()
        seen.add(page.url)
        shown = page.locator("[name=_base_etags]").input_value()
        for key in (part.partition(":")[0] for part in shown.split()):
            if key == "org_name":
                page.get_by_label(call.questions_by_key[key].label).fill("Lantern Fold Kitchen")
            elif key == "declaration":
                page.locator("[name=declaration]").check()
            elif key in choices:
                page.locator(f"[name={key}][value='{choices[key]}']").check()
        check(page, "section-" + page.url.partition("/response/")[2].replace("/", "-"))
        go_on(page)


def test_steering_group_signs_in_and_takes_the_csv(open_browser, look, call):
    page = open_browser(320)
    submission = make_submitted(call, poor_practice=STORY)
    make_user("steering_member", username="steering")
    page.goto("/steering/")
    check_sign_in(page, look)
    page.get_by_label("Username").fill("steering")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    look(page, "steering")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").first.click()
    assert download.value.suggested_filename == f"{call.slug}-2019-07-23.csv"
    content = download.value.path().read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    assert [row["reference"] for row in rows] == [submission.reference]
    assert AuditEvent.objects.filter(action="exported", actor__username="steering").count() == 1
    page.goto("/admin/")
    assert page.get_by_role("heading", level=1).count() == 1
    assert "Sign in" not in page.content()
    page.goto("/steering/")
    page.get_by_role("button", name="Sign out").click()
    look(page, "signed-out")


def check_sign_in(page, look):
    look(page, "sign-in")
    page.get_by_role("button", name="Sign in").click()
    look(page, "sign-in-errors")


def test_answers_that_lead_elsewhere_and_come_too_late(open_browser, look, call, at):
    page = open_browser(320)
    page.goto("/")
    page.get_by_role("button", name="Start now").first.click()
    choose(page, "Which of these describes your experience?", call.roles.first().label)
    choose(page, "Are you responding for an organisation", "As an individual")
    choose(page, "How old are you?", "Under 16")
    go_on(page)
    look(page, "under-16")
    page.get_by_role("link", name="Change your answer").click()
    choose(page, "How old are you?", "18 or over")
    page.get_by_label("What is your email address?").fill("tamsin@example.org")
    go_on(page)
    page.goto(f"/calls/{call.slug}/response/competition/")
    page.get_by_role("textbox").first.fill("Typed before closing.")
    at(call.closes_at)
    go_on(page)
    stands_at(page, "This call is closed")
    look(page, "closed-just-saved")
