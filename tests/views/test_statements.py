"""The statements say what is so, in the words of the call where it has its own."""

import re
from html import unescape

import pytest

from submissions.domain import retention
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


def text_of(response):
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_privacy_notice_tells_controllers_periods_rights_and_complaints(client):
    make_call(title="Rates", partners=["Example Trust", "Sample Foundation"])
    text = text_of(client.get("/privacy/"))
    assert "For Rates: Example Trust and Sample Foundation decide together" in text
    assert f"with its files: {retention.DRAFTS_KEPT.days} days after the call closes" in text
    assert f"emails that we sent you: after {retention.MAIL_TEXTS_KEPT.days} days" in text
    assert "our emails went to: 90 days after the call closes" in text
    assert "not the link itself: after 10 days" in text
    for said in ("Article 6(1)(f)", "Your rights", "Information Commissioner", "evidence@example"):
        assert said in text


def test_single_controller_is_not_called_joint(client):
    make_call(partners=["Example Trust"])
    text = text_of(client.get("/privacy/"))
    assert "Example Trust decides why and how your information is used" in text
    assert "joint controllers" not in text


def test_calls_own_notice_takes_the_place_of_the_portals(client):
    call = make_call(privacy_text="Our own notice.\n\nSecond paragraph.")
    for path in ("/privacy/", f"/calls/{call.slug}/privacy/"):
        page = client.get(path)
        assert "<p>Our own notice.</p>" in page.content.decode()
        assert "Article 6(1)(f)" not in text_of(page)
    assert (
        f'href="/calls/{call.slug}/privacy/"' in client.get(f"/calls/{call.slug}/").content.decode()
    )


def test_two_calls_notices_do_not_mix(client):
    own = make_call(title="Own", privacy_text="Our own notice.")
    other = make_call(title="Other")
    page = client.get("/privacy/")
    assert f'href="/calls/{own.slug}/privacy/"' in page.content.decode()
    text = text_of(page)
    assert "For Other:" in text
    assert "For Own:" not in text
    assert "Our own notice." not in text
    assert "For Other:" in text_of(client.get(f"/calls/{other.slug}/privacy/"))


def test_accessibility_statement_adds_the_calls_own_words(client):
    make_call(title="Rates", accessibility_text="We print in braille.")
    text = text_of(client.get("/accessibility/"))
    assert "Rates We print in braille." in text
    assert "Equality Advisory and Support Service" in text


def test_cookies_page_names_every_cookie_that_is_set(client, at):
    call = make_call()
    at(while_open(call))
    client.get(f"/calls/{call.slug}/")
    client.post(f"/calls/{call.slug}/start/")
    text = text_of(client.get("/cookies/"))
    assert set(client.cookies) == {"session", "csrf"}
    assert set(client.cookies) - set(text.split()) == set()
    assert "90 days, or until you choose" in text
