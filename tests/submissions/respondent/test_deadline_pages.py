"""Grace, late passes, reminders and the time left, as pages show them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import arrival
from submissions.definitions import closing_times
from submissions.mail import reminding
from submissions.mail.closing_report import closing_report
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes
from submissions.responses.models import LatePass, ReturnAddress, Submission, Version
from tests.catalogues import speak_one_language
from tests.makers import (
    complete_answers,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    press_submit,
    send_link,
    while_open,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
WAITED = timedelta(seconds=7)


def give(call, **overrides):
    fields = {
        "call": call,
        "address": "late@example.org",
        "reason": "Power cut",
        "expires_at": call.closes_at + 48 * HOUR,
        "by": make_user(),
        "at": call.closes_at + HOUR,
    }
    return late_passes.give(**fields | overrides)


def begin(client, call, at, moment):
    at(moment)
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.latest("pk")
    values = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=values, at=moment)
    return draft


def test_time_left_is_told_by_the_servers_clock(settings, client, at):
    speak_one_language(settings)
    call = make_call()
    client.get(f"/calls/{call.slug}/time-left/")
    for moment, state in (
        (call.opens_at - HOUR, "before"),
        (call.closes_at - 5 * HOUR, "open"),
        (call.closes_at, "closed"),
    ):
        at(moment)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/calls/{call.slug}/time-left/")
        told = answer.json()
        assert (told["state"], told["now"]) == (state, moment.isoformat())
        assert told["closes_at"] == call.closes_at.isoformat()
        assert answer["Cache-Control"] == "no-store"
        assert len(queries) == 1


def test_call_page_says_at_each_moment_whether_the_call_is_open(client, at):
    call = make_call()
    page = f"/calls/{call.slug}/"
    told = []
    for moment in (
        call.opens_at - MICROSECOND,
        call.opens_at,
        call.closes_at - MICROSECOND,
        call.closes_at,
    ):
        at(moment)
        html = client.get(page).content.decode()
        told.append(
            {
                "closing": re.search(r"<span>(This call [a-z ]+)", html)[1],
                "closed_look": "closing--closed" in html,
                "starts": html.count("Start now"),
                "before_you_start": "Before you start" in html,
            }
        )
    opening = {"closing": "This call opens at", "closed_look": False, "starts": 0}
    is_open = {"closing": "This call closes at", "closed_look": False, "starts": 2}
    closed = {"closing": "This call is closed", "closed_look": True, "starts": 0}
    assert told == [
        opening | {"before_you_start": True},
        is_open | {"before_you_start": True},
        is_open | {"before_you_start": True},
        closed | {"before_you_start": False},
    ]


def test_grace_is_disclosed_and_lets_who_began_submit(client, at):
    call = make_call(grace_minutes=15)
    draft = begin(client, call, at, while_open(call))
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert "you can still submit for 15 minutes after it" in page
    at(call.closes_at + timedelta(minutes=14))
    assert client.get(f"/calls/{call.slug}/time-left/").json()["state"] == "open"
    assert client.get(f"/calls/{call.slug}/response/").status_code == 200
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert "You can still submit your response before 12:15pm on Wednesday 24 July 2019" in page
    assert ("Continue your response" in page, "Read your draft" in page) == (True, False)
    press_submit(client, call)
    assert Version.objects.get(submission=draft).timing == "grace"
    assert "You can still submit" not in client.get(f"/calls/{call.slug}/").content.decode()
    late = Client()
    begin(late, call, at, while_open(call))
    at(call.closes_at + timedelta(minutes=15))
    assert "you can still submit for" not in client.get(f"/calls/{call.slug}/").content.decode()
    page = late.get(f"/calls/{call.slug}/response/").content.decode()
    assert "Your extra time ended at 12:15pm on Wednesday 24 July 2019 (UK time)." in page


def test_late_pass_by_get_uses_nothing_and_by_post_opens_the_draft(client, at):
    call = make_call()
    draft = begin(client, call, at, while_open(call))
    at(call.closes_at + 2 * HOUR)
    assert "This call is closed" in client.get(f"/calls/{call.slug}/response/").content.decode()
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(give(call))}/"
    for _ in range(2):
        page = client.get(address).content.decode()
        assert ("Continue your response" in page, "We keep a response" in page) == (True, False)
    assert LatePass.objects.get().submission is None
    assert client.post(address)["Location"] == f"/calls/{call.slug}/response/"
    assert "before midday on Friday 26 July 2019" in (
        client.get(f"/calls/{call.slug}/response/").content.decode()
    )
    press_submit(client, call)
    assert Version.objects.get(submission=draft).timing == "late_pass"
    used = client.get(address)
    assert used.status_code == 410
    assert "Go to the response that is open in this browser" in used.content.decode()
    assert "before it closes if you can" not in used.content.decode()


def test_late_pass_that_lasts_longer_than_drafts_says_until_when_they_are_kept(client, at):
    call = make_call()
    begin(client, call, at, while_open(call))
    at(call.closes_at + 2 * HOUR)
    given = give(call, expires_at=call.closes_at + timedelta(days=100))
    until = "We keep a response that you started until midday on Tuesday 22 October 2019 (UK time)."
    mail = render(OutboxEmail.objects.get(kind="late_pass"), at=call.closes_at + HOUR)
    assert until in " ".join(mail.message.body.split())
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(given)}/"
    assert f"{until} Continue it with this late pass before" in client.get(address).content.decode()
    client.post(address)
    assert "We keep a response" not in client.get(address).content.decode()


def test_late_pass_that_a_response_has_offers_nothing_in_another_browser(client, at):
    call = make_call()
    begin(client, call, at, while_open(call))
    at(call.closes_at + 2 * HOUR)
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(give(call))}/"
    client.post(address)
    assert "Continue your response" in client.get(address).content.decode()
    elsewhere = Client().get(address)
    assert elsewhere.status_code == 410
    assert "On another device, get a link to that response first." in elsewhere.content.decode()


def test_late_pass_that_begins_a_response_says_which_one_it_replaces(client, at):
    call = make_call()
    draft = begin(client, call, at, while_open(call))
    press_submit(client, call)
    draft.refresh_from_db()
    at(call.closes_at + 2 * HOUR)
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(give(call))}/"
    page = client.get(address).content.decode()
    assert f'It is response <span class="unbroken">{draft.reference}</span>.' in page


def test_late_pass_begins_a_response_for_somebody_who_had_none(client, at):
    call = make_call()
    at(call.closes_at + 2 * HOUR)
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(give(call))}/"
    assert "Start a new response" in client.get(address).content.decode()
    client.post(address)
    assert client.get(f"/calls/{call.slug}/response/about/").status_code == 200


def hold(client, submission):
    """Open the response in the client's browser, by a link that was sent."""
    token = send_link(submission, at=while_open(submission.call)).token
    client.post(f"/calls/{submission.call.slug}/return/open/", {"token": token})


def test_forged_late_pass_opens_nothing(client, at):
    call = make_call()
    at(call.closes_at + HOUR)
    give(call)
    for verb in (client.get, client.post):
        assert verb(f"/calls/{call.slug}/late-pass/forged/").status_code == 410
    assert Submission.objects.count() == 0


def test_reminders_are_refused_by_post_alone_even_by_a_mail_program(at):
    call = make_call()
    at(while_open(call))
    draft = make_draft(call, email="slow@example.org")
    address = f"/calls/{call.slug}/reminders/{reminding.opt_out_token(draft)}/"
    mail_program = Client(enforce_csrf_checks=True)
    assert "Stop reminders" in mail_program.get(address).content.decode()
    assert ReturnAddress.objects.count() == 0
    assert mail_program.post(address).status_code == 200
    assert ReturnAddress.objects.get().reminders_refused_at == while_open(call)
    assert "You will get no more reminders" in mail_program.get(address).content.decode()


def test_page_about_reminders_after_closing_does_not_say_that_the_call_closes(client, at):
    call = make_call()
    token = reminding.opt_out_token(make_draft(call))
    at(call.closes_at + HOUR)
    for verb in (client.get, client.post):
        page = verb(f"/calls/{call.slug}/reminders/{token}/").content.decode()
        assert "call closes" not in page
        assert "once you submit it" not in page
    assert f"This call closed at {call.closes_in_words}." in page


def test_late_pass_before_closing_does_not_say_that_the_call_closed(client, at):
    call = make_call()
    at(while_open(call))
    token = late_passes.make_link(give(call, at=while_open(call)))
    page = client.get(f"/calls/{call.slug}/late-pass/{token}/").content.decode()
    assert "closed at" not in page
    assert f"The closing time of this call is {call.closes_in_words}." in page


def test_page_about_reminders_of_changes_says_that_what_was_submitted_counts(client, at):
    call = make_call()
    at(while_open(call))
    submitted = make_submitted(call)
    token = reminding.opt_out_token(submitted)
    page = client.post(f"/calls/{call.slug}/reminders/{token}/").content.decode()
    assert "What you submitted counts." in page
    assert "once you submit it" not in page
    amending.withdraw(submission=submitted, at=while_open(call))
    page = client.get(f"/calls/{call.slug}/reminders/{token}/").content.decode()
    assert "What you submitted counts." not in page
    assert "we still email you once" not in page


def test_forged_refusal_is_not_found(client, at):
    call = make_call()
    draft = make_draft(call)
    token = reminding.opt_out_token(draft)
    other = make_call()
    assert client.post(f"/calls/{call.slug}/reminders/{token}x/").status_code == 404
    assert client.post(f"/calls/{other.slug}/reminders/{token}/").status_code == 404


def test_late_pass_for_a_response_opens_it_where_it_is_held(client, at):
    call = make_call()
    submission = make_submitted(call)
    hold(client, submission)
    at(call.closes_at + 2 * HOUR)
    give(call, address="", submission=submission)
    assert client.post(f"/calls/{call.slug}/response/amend/")["Location"] == (
        f"/calls/{call.slug}/response/"
    )
    assert client.get(f"/calls/{call.slug}/response/about/").status_code == 200
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert "You can still submit your changes before midday on Friday 26 July 2019" in page
    assert ("Continue your changes" in page, "Read your response" in page) == (True, False)
    said = "Your extra time ended at midday on Friday 26 July 2019 (UK time)."
    assert said not in client.get(f"/calls/{call.slug}/response/check/").content.decode()
    at(call.closes_at + 48 * HOUR)
    assert press_submit(client, call).content.decode().count(said) == 2


def test_late_pass_that_was_taken_up_opens_nothing_in_another_browser(client, at):
    call = make_call()
    at(call.closes_at + 2 * HOUR)
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(give(call))}/"
    client.post(address)
    other = Client()
    assert "Start a new response" in other.get(address).content.decode()
    assert "Continue your response" in client.get(address).content.decode()
    client.post(f"/calls/{call.slug}/response/evidence/", {"story": "Mine."})
    assert other.post(address).status_code == 410
    assert other.get(f"/calls/{call.slug}/response/").status_code == 404
    assert client.post(address)["Location"] == f"/calls/{call.slug}/response/"


def test_mail_goes_to_the_address_that_the_author_gave_for_links(at):
    call = make_call()
    submission = make_submitted(call)
    OutboxEmail.objects.all().delete()
    ReturnAddress.objects.create(
        submission=submission, address="right@example.org", given_at=submission.submitted_at
    )
    amending.withdraw(submission=submission, at=submission.submitted_at)
    to = submission.mails.filter(kind="withdrawn").order_by("pk")
    assert [mail.to_address for mail in to] == ["someone@example.org", "right@example.org"]


@pytest.fixture
def waiting(monkeypatch):
    """What gunicorn hands on with a request whose last byte came WAITED ago."""
    connection = object()

    def since(environ):
        return WAITED if environ.get("gunicorn.socket") is connection else timedelta(0)

    monkeypatch.setattr(arrival, "time_since", since)
    return {"gunicorn.socket": connection}


def mark_of(client, call):
    page = client.get(f"/calls/{call.slug}/response/check/").content.decode()
    return {"_expected_etag": re.search(r'name="_expected_etag" value="([^"]+)"', page)[1]}


def test_request_that_waited_over_the_closing_is_in_time(client, at, waiting):
    call = make_call()
    begin(client, call, at, while_open(call))
    seen = mark_of(client, call)
    at(call.closes_at)
    told = client.post(f"/calls/{call.slug}/response/check/", seen, **waiting)
    assert told["Location"] == f"/calls/{call.slug}/response/submitted/"
    version = Version.objects.get()
    assert (version.timing, version.received_at) == ("on_time", call.closes_at - WAITED)
    assert client.get(f"/calls/{call.slug}/time-left/").json()["state"] == "closed"


def test_request_that_came_after_closing_is_late_however_it_waited(client, at, waiting):
    call = make_call()
    begin(client, call, at, while_open(call))
    seen = mark_of(client, call)
    at(call.closes_at + WAITED)
    told = client.post(f"/calls/{call.slug}/response/check/", seen, **waiting)
    assert told.status_code == 403
    assert "It reached us at 12:00:00pm" in told.content.decode()
    assert Version.objects.count() == 0


def test_draft_saved_after_closing_is_late_though_its_submission_waited(client, at, waiting):
    call = make_call()
    draft = begin(client, call, at, while_open(call))
    at(call.closes_at)
    values = {"story": "More, too late"}
    drafting.save_answers(submission=draft, call=call, values=values, at=call.closes_at)
    told = client.post(f"/calls/{call.slug}/response/check/", {"_expected_etag": "any"}, **waiting)
    assert told.status_code == 403
    assert "It reached us at 12:00:00pm" in told.content.decode()
    assert Version.objects.count() == 0


def test_start_that_waited_over_the_closing_begins_a_draft_that_can_have_grace(client, at, waiting):
    call = make_call(grace_minutes=5)
    at(call.closes_at)
    assert client.post(f"/calls/{call.slug}/start/").status_code == 403
    told = client.post(f"/calls/{call.slug}/start/", **waiting)
    assert told["Location"] == f"/calls/{call.slug}/response/about/"
    assert Submission.objects.get().started_at == call.closes_at - WAITED


def test_late_pass_taken_up_in_time_opens_though_the_request_waited(client, at, waiting):
    call = make_call()
    late_pass = give(call)
    address = f"/calls/{call.slug}/late-pass/{late_passes.make_link(late_pass)}/"
    at(late_pass.expires_at)
    assert client.post(address).status_code == 410
    assert client.post(address, **waiting)["Location"] == f"/calls/{call.slug}/response/"


@pytest.mark.parametrize("is_open", [True, False])
def test_pages_saves_time_left_and_report_agree_on_the_last_microsecond(client, at, is_open):
    call = make_call()
    begin(client, call, at, while_open(call))
    moment = call.closes_at - timedelta(microseconds=1) if is_open else call.closes_at
    at(moment)
    response = f"/calls/{call.slug}/response"
    closed_words = b"This call is closed"

    told = client.get(f"/calls/{call.slug}/time-left/").json()
    assert told["state"] == ("open" if is_open else "closed")
    saved = client.post(f"{response}/save/", {"_section": "evidence", "story": "Last words"}).json()
    assert saved["saved"] == ("Saved at 11:59am" if is_open else "Saved at 12:00pm")
    assert (saved["warning"] == "") == is_open
    for page in ("", "evidence/", "check/"):
        shown = client.get(f"{response}/{page}").content
        assert (closed_words not in shown) == is_open, page
    assert press_submit(client, call).status_code == (302 if is_open else 403)
    report = closing_report(call, at=moment)
    assert (report.received, report.by_timing["On time"], report.drafts) == (
        (1, 1, 0) if is_open else (0, 0, 1)
    )
    assert report.last_received_at == (moment if is_open else None)
    assert Client().post(f"/calls/{call.slug}/start/").status_code == (302 if is_open else 403)


def test_moved_closing_time_is_told_to_everybody_after_a_start_that_came_too_late(client, at):
    call = make_call()
    later = call.closes_at + HOUR
    closing_times.change_closing_time(
        call, to=later, reason="Floods", by=make_user(), at=while_open(call)
    )
    at(later)
    told = "The closing time has changed. It was midday on Wednesday 24 July 2019 (UK time)."
    assert told in client.post(f"/calls/{call.slug}/start/").content.decode()
    assert told in client.get(f"/calls/{call.slug}/").content.decode()
