"""Leave on one device, come back by a mailed link on another, change, withdraw: in a browser."""

import re
from email import message_from_bytes, policy
from secrets import token_hex

import pytest
from django.core import mail
from playwright.sync_api import expect

from core import clock
from submissions.mail import sending
from submissions.outbox.models import OutboxEmail
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
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def follow(page, name):
    page.get_by_role("link", name=name, exact=True).click()


def mailed_link():
    """Send what is due, and return the newest mail's link to open a response."""
    sending.send_due(portal_now=clock.portal_now, wall_now=clock.wall_now)
    message = message_from_bytes(mail.outbox[-1].message().as_bytes(), policy=policy.default)
    text = message.get_body(("plain",)).get_content()
    return re.search(r"http://testserver(/calls/\S+/return/[\w-]{43}/)", text)[1]


def test_leave_here_return_there_change_and_withdraw(open_browser, call):
    """Here without scripts, there with them."""
    here = open_browser(320, java_script_enabled=False)
    here.goto(f"/calls/{call.slug}/")
    here.get_by_role("button", name="Start now").first.click()
    draft = Submission.objects.get()
    values = complete_answers(call, story="Written here.")
    address = {"email": values.pop("email")}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    here.wait_for_url("**/response/about/")
    here.goto(f"/calls/{call.slug}/response/")
    press(here, "Sign this computer out of my response")
    stands_at(here, "Sign this computer out of your response?")
    follow(here, "Give an email address first")
    stands_at(here, "Come back later")
    press(here, "Send me a link")
    expect(here).to_have_title(re.compile("^Error: "))
    here.get_by_label("Email address").fill("jo@example.org")
    press(here, "Send me a link")
    expect(here.locator("main")).to_contain_text("The link is on its way")
    press(here, "Sign this computer out of my response")
    expect(here.locator("main")).to_contain_text("This computer is signed out of your response")
    link = mailed_link()

    there = open_browser(320)
    there.goto(link)
    stands_at(there, "Open your response")
    press(there, "Open my response")
    stands_at(there, "Your response")
    drafting.save_answers(submission=draft, call=call, values=address, at=while_open(call))
    there.goto(f"/calls/{call.slug}/response/check/")
    expect(there.locator("main")).to_contain_text("Written here.")
    press(there, "Submit your response")
    stands_at(there, "Your response has been received")
    expect(there.get_by_role("button", name="Print this page")).to_be_visible()
    reference = Submission.objects.get().reference

    press(there, "Change your response")
    stands_at(there, "Change your response")
    there.goto(f"/calls/{call.slug}/response/check/")
    there.get_by_role("link", name="Change Your evidence").click()
    there.get_by_label("What happened?").fill("Written there.")
    there.get_by_role("button", name="Save and continue").click()
    stands_at(there, "Check your answers")
    there.get_by_role("link", name="Discard my changes").first.click()
    follow(there, "Keep them")
    follow(there, "Check and submit your changes")
    press(there, "Submit your changes")
    stands_at(there, "Your changed response has been received")
    expect(there.locator("main")).to_contain_text(reference)
    assert [version.texts["story"] for version in Version.objects.order_by("number")] == [
        "Written here.",
        "Written there.",
    ]

    here.goto(link)
    stands_at(here, "This link does not work any more")
    follow(here, "Get a new link")
    here.get_by_label("Email address").fill("JO@example.org")
    press(here, "Send me a link")
    stands_at(here, "Check your email")
    here.goto(mailed_link())
    press(here, "Open my response")
    stands_at(here, "Your changed response has been received")
    expect(here.get_by_role("button", name="Print this page")).to_be_hidden()
    follow(here, "Withdraw your response")
    stands_at(here, "Do you want to withdraw your response?")
    press(here, "Withdraw my response")
    stands_at(here, "Your response is withdrawn")
    there.reload()
    stands_at(there, "Your response is withdrawn")
    mails = OutboxEmail.objects.order_by("pk").values_list("kind", "to_address")
    assert list(mails) == [
        ("return_link", "jo@example.org"),
        ("confirmation", "jo@example.org"),
        ("version_notice", address["email"]),
        ("amended", "jo@example.org"),
        ("return_link", "JO@example.org"),
        ("withdrawn", address["email"]),
        ("withdrawn", "jo@example.org"),
    ]
