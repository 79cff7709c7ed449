"""Two people work on one response in two browsers, and its author submits it."""

import re
from email import message_from_bytes, policy
from secrets import token_hex

import pytest
from django.core import mail
from playwright.sync_api import expect

from core import clock
from submissions.calls.models import Call
from submissions.mail import sending
from submissions.responses import drafting
from submissions.responses.models import Submission, Version
from tests.makers import complete_answers, make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(at, settings):
    settings.SECRET_KEY = token_hex()
    call = make_call(title="Rates and charges")
    at(while_open(call))
    return call


def stands_at(page, title):
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def follow(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()


def mailed_link():
    """Send what is due, and return the newest mail's link to join a response."""
    sending.send_due(portal_now=clock.portal_now, wall_now=clock.wall_now)
    message = message_from_bytes(mail.outbox[-1].message().as_bytes(), policy=policy.default)
    text = message.get_body(("plain",)).get_content()
    return re.search(r"http://testserver(/calls/\S+/join/[\w-]{43}/)", text)[1]


def write(page, text):
    page.get_by_label("What happened?").fill(text)
    press(page, "Save and continue")


def test_author_invites_both_edit_and_the_author_submits(open_browser, call):
    """The author without scripts, the colleague with them."""
    ada = open_browser(400, java_script_enabled=False)
    ada.goto(f"/calls/{call.slug}/")
    press(ada, "Start now")
    ada.wait_for_url("**/response/about/")
    draft = Submission.objects.get()
    values = complete_answers(call, story="As it began.")
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    ada.goto(f"/calls/{call.slug}/response/")
    follow(ada, "Work on it with a colleague")
    stands_at(ada, "People in this response")
    ada.get_by_label("Email address of your colleague").fill("ben@example.org")
    press(ada, "Send the invitation")
    ada.get_by_role("heading", name="The link is on its way").wait_for()

    ben = open_browser(320)
    ben.goto(mailed_link())
    stands_at(ben, "Work on a response together")
    ben.get_by_label("Your name").fill("Ben")
    press(ben, "Open the response")
    stands_at(ben, "Your response")

    for page in (ada, ben):
        page.goto(f"/calls/{call.slug}/response/evidence/")
    write(ben, "As Ben wrote it.")
    ben.wait_for_url("**/response/evidence/2/")
    write(ada, "As Ada wrote it.")
    stands_at(ada, "Choose which answer to keep")
    expect(ada.locator("main")).to_contain_text("Saved by Ben")
    ada.get_by_label("Keep both, in one text").check()
    ada.get_by_label("Your text made from both").fill("As both wrote it.")
    press(ada, "Save and continue")
    ada.wait_for_url("**/response/evidence/2/")

    ben.goto(f"/calls/{call.slug}/response/check/")
    expect(ben.locator("main")).to_contain_text("As both wrote it.")
    assert ben.get_by_role("button", name="Submit your response").count() == 0
    expect(ben.locator("main")).to_contain_text("You cannot submit it yourself.")
    ada.goto(f"/calls/{call.slug}/people/")
    expect(ada.locator("main")).to_contain_text("Ben")
    ada.goto(f"/calls/{call.slug}/response/check/")
    press(ada, "Submit your response")
    stands_at(ada, "Your response has been received")
    assert Version.objects.get().texts["story"] == "As both wrote it."

    ben.reload()
    stands_at(ben, "The response was submitted")
    expect(ben.locator("main")).to_contain_text(Submission.objects.get().reference)
    assert Call.objects.get() == call
