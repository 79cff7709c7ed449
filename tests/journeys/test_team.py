"""A team codes a sample in a browser, disagrees, decides what stands, and reports it."""

import re

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from review.coding.decided import standing_codings
from review.models import Coding, CodingDecision, Finding
from tests.journeys.conftest import (
    faults_found_by_axe,
    faults_not_yet_seen_by_axe,
    scrolls_sideways,
)
from tests.makers import make_call, make_code, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
STORY = "Pay was fair. Nobody told us why. We left in spring."


def code_sentences(page, response, keys):
    """Choose sentences by key, code each with the code that is typed, and be done."""
    page.goto(f"/admin/submissions/submission/{response.pk}/change/")
    for number, (choose, code) in enumerate(keys, 1):
        for key in choose:
            page.keyboard.press(key)
        page.keyboard.press("f")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        passages = page.locator("#coded-story summary")
        passages.filter(has_text=re.compile(rf"^\s*{number} coded passage")).wait_for()
    page.get_by_role("button", name="I am done with it").click()
    page.get_by_text("You are done with this response. Your codings stand.").wait_for()


def test_team_codes_differs_decides_and_reports(open_signed_in, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story=STORY)
    boss = make_user(Role.MANAGER, username="boss")
    chief = make_user(Role.REVIEWER, username="chief")
    ada, bea = (make_user(Role.CODER, username=name) for name in ("ada", "bea"))
    for name in ("Fairness", "Secrecy"):
        make_code(call=call, name=name, by=boss)

    lead = open_signed_in(boss)
    lead.goto("/admin/review/codingsample/")
    lead.get_by_role("link", name="Draw a sample").click()
    lead.get_by_label("How many responses").fill("1")
    for name in ("ada", "bea"):
        lead.get_by_label(name).check()
    lead.get_by_role("button", name="Draw the sample").click()
    lead.get_by_role("link", name="Agreement of the coders").click()
    lead.get_by_text("There is nothing to compare yet").wait_for()

    code_sentences(open_signed_in(ada), response, [("]", "Fairness"), ("]", "Secrecy")])
    code_sentences(open_signed_in(bea, 400), response, [("]", "Fairness"), ("]", "Fairness")])

    lead.reload()
    secrecy = lead.get_by_role("row").filter(has=lead.get_by_role("link", name="Secrecy"))
    assert secrecy.get_by_role("cell").all_inner_texts() == [
        "0.000",
        "0.000",
        "66.6%",
        "3",
        "1",
        "0",
        "2",
        "4",
    ]
    assert faults_found_by_axe(lead) == []
    lead.get_by_role("link", name="1", exact=True).click()
    lead.get_by_text("They differ about: Fairness, Secrecy.").wait_for()
    expect(lead.locator("blockquote strong")).to_have_text(["Nobody told us why."])
    lead.get_by_role("link", name="Decide").click()
    looks = {320: faults_found_by_axe, 1280: faults_not_yet_seen_by_axe}
    for width, faults in looks.items():
        lead.set_viewport_size({"width": width, "height": 800})
        assert faults(lead) == []
        assert not scrolls_sideways(lead)
    lead.get_by_role("button", name="Save the decision").click()
    lead.get_by_text("Tick the codes that stand, or that none does.").wait_for()
    lead.get_by_label("Secrecy").check()
    lead.get_by_label("Why").fill("Being told is not about fairness")
    lead.get_by_role("button", name="Save the decision").click()
    lead.get_by_text("Your decision is on record").wait_for()

    assert CodingDecision.objects.get().reason == "Being told is not about fairness"
    rows = standing_codings(Coding.objects.all()).select_related("by", "code")
    assert sorted((one.by.username, one.code.name, one.start) for one in rows) == [
        ("ada", "Fairness", 0),
        ("ada", "Secrecy", STORY.index("Nobody")),
        ("bea", "Fairness", 0),
    ]

    lead.goto("/admin/review/finding/")
    lead.get_by_role("link", name="Write a finding").click()
    lead.get_by_role("textbox", name="Claim").fill("Nobody is told why")
    lead.get_by_label("Strength").select_option("all")
    lead.get_by_label("Secrecy").check()
    lead.get_by_role("button", name="Keep the finding").click()
    expect(lead.locator("#count")).to_have_text("1 of 1 response (100%)")
    lead.get_by_role("link", name="Choose passages").click()
    lead.get_by_role("link", name="Passages under its codes").click()
    lead.get_by_role("button", name="Supports it").click()
    lead.get_by_text("The passage stands in the finding.").wait_for()
    finding = Finding.objects.get()
    where = f"/admin/review/finding/{finding.pk}/change/"
    lead.goto(where)
    lead.get_by_label("New status").select_option("For agreement")
    lead.get_by_role("button", name="Set the status").click()
    other = open_signed_in(chief)
    other.goto(where)
    other.get_by_role("button", name="Agree with it as it is").click()
    lead.goto(where)
    lead.get_by_label("New status").select_option("Agreed")
    lead.get_by_role("button", name="Set the status").click()

    lead.goto(f"/admin/review/reportrun/of/{call.pk}/make/")
    lead.get_by_label("The project team").check()
    lead.get_by_label("HTML").check()
    with lead.expect_download() as download:
        lead.get_by_role("button", name="Make the report").click()
    report = download.value.path().read_text()
    for said in ("Nobody is told why", response.reference, "1 of 1", "Krippendorff’s alpha"):
        assert said in report


# Notes whether each press was stopped, and lets none leave the page.
PRESSES = """() => {
  window.stopped = [];
  addEventListener("submit", (event) => {
    stopped.push(event.defaultPrevented);
    event.preventDefault();
  });
}"""


def test_second_press_of_a_button_is_not_sent(open_signed_in, at):
    call = make_call()
    at(while_open(call))
    page = open_signed_in(make_user(Role.REVIEWER, username="chief"))
    page.goto(f"/admin/review/memo/write/{call.pk}/")
    page.evaluate(PRESSES)
    for _ in range(2):
        page.get_by_role("button", name="Keep the memo").click()
    assert page.evaluate("stopped") == [False, True]


def test_changed_form_is_sent_again_at_once(open_signed_in, at):
    call = make_call()
    at(while_open(call))
    page = open_signed_in(make_user(Role.REVIEWER, username="chief"))
    page.goto(f"/admin/review/memo/write/{call.pk}/")
    page.evaluate(PRESSES)
    for words in ("One", "Two", "Two"):
        page.get_by_label("Title").fill(words)
        page.get_by_role("button", name="Keep the memo").click()
    assert page.evaluate("stopped") == [False, False, True]
