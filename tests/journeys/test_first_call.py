"""From the call page to the steering group's CSV, in a browser, at the narrow width."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from accounts.models import AuditEvent
from submissions.responses.answering import asked_questions
from submissions.responses.models import Submission, Version
from submissions.responses.working_copy import working_answers
from tests.journeys.conftest import WIDTHS
from tests.makers import PASSWORD, make_first_call, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
STORY = "We were named in the bid.\n=1+1 of the work reached us."
# The questions of a page that are in sight.
ASKED = """() => [...document.querySelectorAll(".question")]
  .filter((one) => one.checkVisibility()).map((one) => one.id.replace("question-", ""))"""


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


def test_from_the_call_page_to_the_receipt(open_browser, look, call):
    """Looks at pages of long words and many choices; `test_every_page.py` looks at every state.

    Without a script `test_keyboard.py` goes all the way.
    """

    def check(page, name):
        look(page, name, [WIDTHS["narrow"]])

    page = open_browser(320)
    page.goto("/")
    expect(page.locator("main")).to_contain_text("midday on Wednesday 24 July 2019 (UK time)")
    page.get_by_role("link", name="Read all the questions first").click()
    check(page, "questions")
    page.go_back()
    page.get_by_role("button", name="Start now").first.click()
    stands_at(page, "About you")
    page.get_by_role("link", name="Back", exact=True).click()
    stands_at(page, "Your response")

    page.get_by_role("link", name="About you").click()
    go_on(page)
    expect(page).to_have_title(re.compile("^Error: "))
    check(page, "about-you-errors")
    page.get_by_role("link", name="Enter your email address").click()
    expect(page.locator("[name=email]")).to_be_focused()
    choose(page, "Which of these describes your experience?", call.roles.first().label)
    choose(page, "Are you responding for an organisation", "For an organisation")
    page.get_by_label("What is your email address?").fill("tamsin@example.org")
    asked = set(page.evaluate(ASKED))
    go_on(page)

    asked |= answer_required(page, call, check)
    stands_at(page, "Check your answers")
    answers = working_answers(Submission.objects.get(), call)
    assert asked == {question.key for question in asked_questions(call, answers)}
    page.get_by_role("button", name="Submit your response").click()
    expect(page).to_have_title(re.compile("^Error: "))
    check(page, "check-errors")
    assert Version.objects.count() == 0

    story = call.questions_by_key["poor_practice"]
    page.get_by_text("optional questions have no answer").click()
    page.get_by_role("link", name=story.label, exact=True).click()
    page.get_by_label(story.label).fill(STORY)
    go_on(page)
    stands_at(page, "Check your answers")
    check(page, "check")
    page.get_by_role("button", name="Submit your response").click()
    stands_at(page, "Your response has been received")
    reference = Submission.objects.get().reference
    expect(page.locator("main")).to_contain_text(reference)
    page.reload()
    expect(page.locator("main")).to_contain_text(reference)


def answer_required(page, call, check):
    """Answer what must be answered, page by page, until nothing is left but checking.

    Returns the questions that were in sight.
    """
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
    seen, asked = set(), set()
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
        asked |= set(page.evaluate(ASKED))
        go_on(page)
    return asked


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
