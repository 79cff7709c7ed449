"""The statements say what is so, in the words of the call where it has its own."""

import re
from html import unescape

import pytest

from core import release, spoken_time
from submissions.calls.retention import default_periods
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


def text_of(response):
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_privacy_notice_tells_controllers_periods_rights_and_complaints(client):
    make_call(title="Rates", partners=["Example Trust", "Sample Foundation"])
    text = text_of(client.get("/privacy/"))
    assert "For Rates: Example Trust and Sample Foundation decide together" in text
    assert "emails that we sent you: after 30 days" in text
    assert "not the link itself: after 21 days at most" in text
    assert "invited nobody: 1 day after you started it or last saved it" in text
    assert "asks for a link, invites a colleague or enters a receipt." in text
    assert "knows the address by a scrambled form, and forgets that after 24 hours." in text
    for said in ("Article 6(1)(f)", "Your rights", "Information Commissioner", "evidence@example"):
        assert said in text


def test_privacy_notice_says_the_calls_own_periods_with_their_dates(client):
    make_call(
        retention=default_periods()
        | {"drafts": "2 weeks after closing", "exports": "3 days after making"}
    )
    text = text_of(client.get("/privacy/"))
    until = "2 weeks after the call closes, which is until midday on Wednesday 7 August 2019"
    assert f"and files that you took out. {until} (UK time)" in text
    until = "90 days after the call closes, which is until midday on Tuesday 22 October 2019"
    assert f"the addresses that our emails went to. {until} (UK time)" in text
    assert "made for their work. 3 days after each was made" in text
    undecided = "The longest that we keep it is one month after the time for submitted"
    assert f"until we have decided. {undecided} responses has ended." in text
    helped = "your name and email address when you go on to that page, the rest 24 hours after"
    assert f"led to a page of help: {helped} you last saved it" in text


def test_calls_own_notice_has_the_calls_periods_too(client):
    make_call(
        privacy_text="Our own notice.",
        retention=default_periods() | {"drafts": "2 weeks after closing"},
    )
    text = text_of(client.get("/privacy/"))
    assert "Our own notice." in text
    assert "until midday on Wednesday 7 August 2019 (UK time)" in text


def test_two_calls_periods_stand_under_their_titles(client):
    make_call(title="Rates", retention=default_periods() | {"drafts": "2 weeks after closing"})
    make_call(title="Rents")
    text = text_of(client.get("/privacy/"))
    assert 0 < text.index("Rates A response") < text.index("2 weeks") < text.index("Rents A")


def test_single_controller_is_not_called_joint(client):
    make_call(title="Who pays?", partners=["Example Trust"])
    text = text_of(client.get("/privacy/"))
    assert "For “Who pays?”: Example Trust decides why and how your information is used" in text
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


@pytest.mark.parametrize("own", ["", "Our own notice."])
def test_notice_says_how_to_complain_and_what_the_law_asks_of_the_organisations(client, own):
    call = make_call(privacy_text=own, contact_email="team@example.org")
    page = client.get(f"/calls/{call.slug}/privacy/").content.decode()
    complaints = page.partition("<h2>Complaints</h2>")[2].partition("</main>")[0]
    assert "You need no form" in complaints
    assert "within 30 days that they have your complaint" in complaints
    assert "Information Commissioner" in complaints
    assert ("team@example.org" in complaints) == bool(own)  # else it stands just above


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


def test_accessibility_statement_says_what_the_model_statement_says(client):
    make_call(title="Rates")
    page = client.get("/accessibility/")
    assert (
        '<li><bdi lang="en-gb">Rates</bdi>: <bdi>The project team</bdi>, <a'
        in page.content.decode()
    )
    text = text_of(page)
    tested = spoken_time.say_day(release.ACCESSIBILITY_TESTED)
    prepared = spoken_time.say_day(release.ACCESSIBILITY_PREPARED)
    for said in (
        "partially compliant with the Web Content Accessibility Guidelines version 2.2, level AA",
        "Nobody who uses a screen reader, speech recognition or another assistive technology has",
        f"This statement was prepared on {prepared}. The website was last tested on {tested}",
        "evidence@example.org",
        "Equality Advisory and Support Service",
        "Equality Commission for Northern Ireland",
    ):
        assert said in text
    assert release.ACCESSIBILITY_PREPARED <= release.ACCESSIBILITY_TESTED


@pytest.mark.parametrize("name", ["accessibility", "cookies"])
def test_calls_own_words_are_added_to_the_portals(client, name):
    field = f"{name}_text"
    call = make_call(title="Rates", **{field: "We print in braille."})
    other = make_call(title="Rents", **{field: "We sign."})
    text = text_of(client.get(f"/{name}/"))
    assert "Rates We print in braille. Rents We sign." in text
    text = text_of(client.get(f"/calls/{call.slug}/{name}/"))
    assert "Rates We print in braille." in text
    assert "We sign." not in text
    assert "Rents" not in text
    assert "We sign." in text_of(client.get(f"/calls/{other.slug}/{name}/"))


def test_call_with_nothing_to_add_adds_nothing(client):
    call = make_call(title="Rates")
    for name in ("accessibility", "cookies"):
        assert "<h2>Rates</h2>" not in client.get(f"/calls/{call.slug}/{name}/").content.decode()


def test_statement_of_a_call_is_linked_from_its_pages_and_belongs_to_it(client, at):
    call = make_call()
    at(while_open(call))
    for name in ["privacy", "accessibility", "cookies"]:
        address = f"/calls/{call.slug}/{name}/"
        for path in (f"/calls/{call.slug}/", f"/calls/{call.slug}/questions/", address):
            page = client.get(path).content.decode()
            assert f'href="{address}"' in page, name
            assert '<aside class="help" aria-labelledby="help-title">' in page, name
        assert f'href="/{name}/"' in client.get("/nowhere/").content.decode(), name
        assert client.get(f"/calls/nowhere/{name}/").status_code == 404, name


def test_cookies_page_names_every_cookie_that_is_set(client, at):
    call = make_call()
    at(while_open(call))
    client.get(f"/calls/{call.slug}/")
    client.post(f"/calls/{call.slug}/start/")
    text = text_of(client.get("/cookies/"))
    assert set(client.cookies) == {"session", "csrf"}
    assert set(client.cookies) - set(text.split()) == set()
    assert "90 days at most after you last opened a response here, or until you choose" in text


def test_addresses_in_a_calls_own_texts_are_links(client, at):
    words = "Read <b> https://a.example/x?b=1&c=2. Or ask ann@a.example, not call.org."
    said = ("about", "what_happens_next", "help_text", "withdrawal_text", "privacy_text")
    call = make_call(**dict.fromkeys((*said, "accessibility_text", "cookies_text"), words))
    call.sections.update(intro=words)
    linked = (
        '<p>Read &lt;b&gt; <a href="https://a.example/x?b=1&amp;c=2" rel="nofollow">https://a.example/x?b=1&amp;'
        'c=2</a>. Or ask <a href="mailto:ann@a.example">ann@a.example</a>, not call.org.</p>'
    )
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    for rest, times in (
        *(("", 3), ("questions/", 3), ("privacy/", 2), ("accessibility/", 2), ("cookies/", 2)),
        ("response/about/", 2),
    ):
        page = client.get(f"/calls/{call.slug}/{rest}")
        assert page.content.decode().count(linked) == times, rest


def test_text_without_an_address_has_no_link(client):
    call = make_call(about="Of call.org & others", what_happens_next="")
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert "<p>Of call.org &amp; others</p>" in page
