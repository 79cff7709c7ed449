"""A team codes a sample in a browser, disagrees and decides what stands."""

import re

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from review.coding.decided import standing_codings
from review.models import Coding, CodingDecision, CodingSample
from tests.makers import make_call, make_code, make_submitted, make_user, while_open
from tests.review.agreement.codings import be_done, code

pytestmark = pytest.mark.django_db(transaction=True)
STORY = "Pay was fair. Nobody told us why. We left in spring."


def code_sentences(page, response, keys):
    """Choose sentences by key, code each with the code that is typed, and be done."""
    page.goto(f"/admin/submissions/submission/{response.pk}/change/")
    for number, (choose, name) in enumerate(keys, 1):
        for key in choose:
            page.keyboard.press(key)
        page.keyboard.press("f")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        passages = page.locator("#coded-story summary")
        passages.filter(has_text=re.compile(rf"^\s*{number} coded passage")).wait_for()
    page.get_by_role("button", name="I am done with it").click()
    page.get_by_text("You are done with this response. Your codings stand.").wait_for()


def test_team_codes_differs_and_decides(open_signed_in, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story=STORY)
    boss = make_user(Role.MANAGER, username="boss")
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
    for words in ("Pay was fair.", "Nobody told us why."):
        code(response, bea, words, "Fairness", text=STORY)
    be_done(CodingSample.objects.get(), bea)

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
    lead.get_by_role("link", name="1", exact=True).click()
    lead.get_by_text("They differ about: Fairness, Secrecy.").wait_for()
    expect(lead.locator("blockquote strong")).to_have_text(["Nobody told us why."])
    lead.get_by_role("link", name="Decide").click()
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
