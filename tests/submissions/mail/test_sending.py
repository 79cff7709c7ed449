"""A refusal concerns one mail, a server that is away concerns none; no mail is ever lost."""

import asyncio
import itertools
import logging
import re
import smtplib
import ssl
import time
from copy import deepcopy
from datetime import timedelta
from secrets import token_hex

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from core.redacting_logs import RedactingFormatter
from submissions.mail import caps, mail_server, rendering, sending
from submissions.mail.live_data import LiveData
from submissions.mail.mail_health import mail_health
from submissions.mail.resending import send_again
from submissions.mail.sending import SendReport
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.confirmed_addresses import look_up_confirmation
from tests.containers.proxies import make_certificate
from tests.makers import confirm_address, make_call, make_submitted, make_user, while_open
from tests.submissions.mail.mail_sink import HANG_UP, free_port, listening, silent_server

pytestmark = pytest.mark.django_db
SIGN_IN = {"knows_nobody": True}
NO_SIGN_IN = (
    "The mail server could not be reached: it does not offer encryption or signing in, which "
    "EMAIL_URL asks for."
)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


def submitted(call, *addresses):
    return [make_submitted(call, email=address).mails.get() for address in addresses]


def send(call, *, later=timedelta(0)):
    def now():
        return while_open(call) + later

    return sending.send_due(portal_now=now, wall_now=now)


def states():
    return dict(OutboxEmail.objects.values_list("to_address", "state"))


def sent_without_token(words):
    return re.sub(r"/return/[\w-]{43}/", f"/return/{rendering.LEFT_OUT}/", words)


def test_due_mails_go_out_over_one_connection(sink, call):
    submitted(call, "a@example.org", "b@example.org", "c@example.org")
    assert send(call) == SendReport(sent=3)
    assert sink.reached == ["a@example.org", "b@example.org", "c@example.org"]
    assert sink.connections == 1
    assert set(states().values()) == {OutboxState.SENT}


def test_more_than_a_batch_goes_out_in_one_run(sink, call, monkeypatch):
    monkeypatch.setattr(sending, "BATCH", 2)
    submitted(call, *(f"{number}@example.org" for number in range(5)))
    assert send(call) == SendReport(sent=5)
    assert sink.connections == 1


def test_sent_mail_keeps_its_words(sink, call):
    (mail,) = submitted(call, "a@example.org")
    confirm_address(mail)
    send(call)
    mail.refresh_from_db()
    (message,) = sink.messages
    assert mail.subject == message["Subject"]
    sent = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    answers = mail.version.canonical_text.strip("\n")
    assert answers in sent
    assert mail.body == sent_without_token(sent).replace(answers, queue.ANSWERS_LEFT_OUT)
    assert mail.sent_at == while_open(call)
    assert mail.last_error == ""


def test_nothing_is_sent_twice(sink, call):
    submitted(call, "a@example.org")
    send(call)
    assert send(call, later=timedelta(days=1)) == SendReport()
    assert len(sink.envelopes) == 1


def test_unknown_mailbox_fails_and_the_others_go_out(sink, call):
    sink.replies["RCPT", "bad@example.org"] = "550 5.1.1 <bad@example.org>: no such user"
    submitted(call, "a@example.org", "bad@example.org", "c@example.org")
    assert send(call) == SendReport(sent=2, failed=1)
    assert sink.reached == ["a@example.org", "c@example.org"]
    failed = OutboxEmail.objects.get(state=OutboxState.FAILED)
    assert failed.last_error == "There is no such mailbox at the address. (550 5.1.1)"


def test_busy_mailbox_is_tried_again_under_the_same_message_id(sink, call):
    sink.replies["RCPT", "busy@example.org"] = "450 4.2.1 try later"
    mail, _ = submitted(call, "busy@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, deferred=1)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (OutboxState.WAITING, 1)
    assert mail.last_error == "The mailbox is switched off. (450 4.2.1)"
    waited = (mail.next_attempt_at - while_open(call)).total_seconds()
    assert 48 <= waited <= 72
    assert send(call, later=timedelta(seconds=47)) == SendReport()
    sink.replies.clear()
    assert send(call, later=timedelta(seconds=73)) == SendReport(sent=1)
    assert sink.messages[-1]["Message-ID"] == mail.message_id


def test_busy_mailbox_is_given_up_after_three_days(sink, call):
    sink.replies["RCPT", None] = "451 4.3.0 not now"
    (mail,) = submitted(call, "busy@example.org")
    assert send(call) == SendReport(deferred=1)
    assert send(call, later=timedelta(days=3)) == SendReport(deferred=1)
    mail.refresh_from_db()
    assert mail.state == OutboxState.FAILED
    assert mail.last_error == (
        "The mail server has a fault of its own at the moment. (451 4.3.0) Given up after 3 days."
    )


def test_refused_text_fails(sink, call):
    sink.replies["DATA", None] = "554 5.6.0 not like that"
    submitted(call, "a@example.org")
    assert send(call) == SendReport(failed=1)
    assert OutboxEmail.objects.get().last_error == "The mail server refused the mail. (554 5.6.0)"


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["550 5.7.1 not welcome", "554 no", "501 5.1.3 not an address"])
def test_permanent_refusal_of_a_mail_ends_it_at_once(sink, call, command, reply):
    sink.replies[command, "a@example.org"] = reply
    first, _ = submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, failed=1)
    first.refresh_from_db()
    assert (first.state, first.attempts) == (OutboxState.FAILED, 1)
    assert send(call, later=timedelta(days=1)) == SendReport()


@pytest.mark.parametrize(
    ("reply", "report"),
    [
        ("451 4.7.1 come back later", SendReport(sent=2, deferred=1)),
        ("554 5.7.1 not welcome", SendReport(sent=2, failed=1)),
    ],
)
def test_mail_whose_text_is_not_asked_for_does_not_hold_up_the_next(sink, call, reply, report):
    sink.replies["DATA itself", "a@example.org"] = reply
    submitted(call, "a@example.org", "b@example.org", "c@example.org")
    assert send(call) == report
    assert sorted(sink.reached) == ["b@example.org", "c@example.org"]


def test_server_that_hangs_up_after_a_refusal_does_not_defer_the_next_mail(sink, call):
    def refuse_and_go():
        transport = sink.transports[-1]
        asyncio.get_running_loop().call_soon(transport.close)
        return "550 5.1.1 no such mailbox"

    sink.replies["RCPT", "a@example.org"] = refuse_and_go
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, failed=1)
    assert sink.connections == 2


def test_server_that_takes_two_mails_over_a_connection_is_sent_the_others_over_new_ones(sink, call):
    asked = itertools.count(1)
    sink.replies["MAIL", None] = lambda: "421 4.7.0 enough" if next(asked) % 3 == 0 else None
    submitted(call, *(f"{name}@example.org" for name in "abcde"))
    assert send(call) == SendReport(sent=5)
    assert sink.connections == 3


@pytest.mark.parametrize(("reply", "connections"), [("421 4.7.0 enough", 2), ("451 4.3.2 no", 1)])
def test_server_that_takes_no_more_after_a_mail_is_away(sink, call, reply, connections):
    sink.replies["MAIL", None] = lambda: reply if sink.envelopes else None
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, released=1, server_away=True)
    assert sink.connections == connections


def test_server_that_is_gone_after_it_has_had_enough_is_told_by_the_last_fault(
    sink, call, monkeypatch
):
    def refuse(*_arguments):
        raise ConnectionRefusedError

    def enough():
        if sink.envelopes:
            monkeypatch.setattr(smtplib.SMTP, "connect", refuse)
            return "421 4.7.0 enough"
        return None

    sink.replies["MAIL", None] = enough
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, released=1, server_away=True)
    assert OutboxEmail.objects.get(state=OutboxState.WAITING).last_error == (
        "The mail server could not be reached: it refused the connection."
    )


def test_refusal_by_the_servers_rules_is_told_in_plain_words(sink, call):
    sink.replies["RCPT", None] = "550 5.7.1 <a@example.org> blocked"
    submitted(call, "a@example.org")
    send(call)
    assert OutboxEmail.objects.get().last_error == (
        "The mail server's rules do not let this mail through. (550 5.7.1)"
    )


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", "421 4.3.2 shutting down"),
        ("MAIL", "451 4.3.2 overloaded"),
        ("MAIL", "550 5.7.1 who are you"),
        ("MAIL", "554 no"),
        ("RCPT", "530 5.7.0 sign in first"),
        ("DATA", "535 5.7.8 no"),
    ],
)
def test_server_that_takes_no_mail_at_all_is_not_held_against_any(sink, call, command, reply):
    sink.replies[command, None] = reply
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(released=2, server_away=True)
    assert set(OutboxEmail.objects.values_list("state", "attempts", "next_attempt_at")) == {
        (OutboxState.WAITING, 0, None)
    }
    sink.replies.clear()
    assert send(call) == SendReport(sent=2)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_server_that_hangs_up_over_one_recipient_defers_that_mail_only(sink, call, command):
    """However often it does: the others go out over another connection."""
    sink.replies[command, "a@example.org"] = "421 4.7.0 too many errors"
    first, *_ = submitted(call, "a@example.org", "b@example.org", "c@example.org")
    assert send(call) == SendReport(sent=2, deferred=1)
    assert sink.reached == ["b@example.org", "c@example.org"]
    first.refresh_from_db()
    assert (first.state, first.attempts) == (OutboxState.WAITING, 1)
    assert first.next_attempt_at > while_open(call)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_server_that_hangs_up_over_two_in_a_row_is_away(sink, call, command):
    sink.replies[command, None] = "421 4.3.2 shutting down"
    submitted(call, *(f"{name}@example.org" for name in "abcd"))
    assert send(call) == SendReport(deferred=2, released=2, server_away=True)
    sink.replies.clear()
    assert send(call, later=timedelta(minutes=2)) == SendReport(sent=4)


def test_mail_too_big_for_the_server_fails_alone(sink, call):
    def once():
        sink.replies.clear()
        return "552 5.3.4 too big"

    sink.replies["MAIL", None] = once
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, failed=1)
    assert sink.reached == ["b@example.org"]


def test_connection_lost_after_the_text_defers_that_mail_only(sink, call):
    sink.replies["DATA", "a@example.org"] = HANG_UP
    first, _ = submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=1, deferred=1)
    assert sink.connections == 2
    first.refresh_from_db()
    assert first.last_error == ("The connection to the mail server broke: it ended the connection.")


def test_connections_that_keep_breaking_end_the_run(sink, call):
    sink.replies["DATA", None] = HANG_UP
    submitted(call, *(f"{name}@example.org" for name in "abcde"))
    assert send(call) == SendReport(deferred=2, released=3, server_away=True)
    assert sink.connections == 2
    assert sorted(OutboxEmail.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1, 1]


def test_refused_connection_gives_everything_back(through_port, call):
    through_port(free_port())
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(released=2, server_away=True)
    assert set(OutboxEmail.objects.values_list("state", "attempts", "last_error")) == {
        (
            OutboxState.WAITING,
            0,
            "The mail server could not be reached: it refused the connection.",
        )
    }


def test_unknown_server_gives_everything_back(through_port, settings, call):
    through_port(25)
    settings.EMAIL_HOST = "no-such-host.invalid"
    submitted(call, "a@example.org")
    assert send(call) == SendReport(released=1, server_away=True)
    assert OutboxEmail.objects.get().last_error == (
        "The mail server could not be reached: its name could not be found."
    )


@pytest.mark.parametrize(
    ("has_tls", "why"),
    [
        (True, "its certificate is not valid: self-signed certificate."),
        (False, "no encrypted connection came about."),
    ],
)
def test_server_without_a_certificate_that_holds_is_told_apart(
    through_port, settings, call, tmp_path, has_tls, why
):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with listening(tls=tls if has_tls else None) as sink:
        through_port(sink.port)
        settings.EMAIL_USE_SSL = True
        submitted(call, "a@example.org")
        assert send(call) == SendReport(released=1, server_away=True)
    assert OutboxEmail.objects.get().last_error == f"The mail server could not be reached: {why}"


@pytest.mark.parametrize("refused", [["connect"], ["ehlo", "helo"]])
def test_server_that_turns_the_portal_away_gives_everything_back(sink, call, monkeypatch, refused):
    for step in refused:
        monkeypatch.setattr(smtplib.SMTP, step, lambda *_arguments: (554, b"No."))
    submitted(call, "a@example.org", "b@example.org", "c@example.org")
    assert send(call) == SendReport(released=3, server_away=True)
    assert set(OutboxEmail.objects.values_list("attempts", "last_error")) == {
        (0, "The mail server turns the portal away (554).")
    }


def test_server_away_for_three_days_ends_the_mails_it_deferred(through_port, call):
    port = free_port()
    through_port(port)
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == SendReport(released=2, server_away=True)
    new = make_submitted(call, email="new@example.org").mails.get()
    later = timedelta(days=3)
    assert send(call, later=later) == SendReport(released=3, server_away=True, failed=2)
    old, _ = OutboxEmail.objects.filter(state=OutboxState.FAILED)
    assert old.last_error == (
        "The mail server could not be reached: it refused the connection. Given up after 3 days."
    )
    again = send_again(old, by=make_user(), at=while_open(call) + later)
    with listening(port) as sink:
        assert send(call, later=later) == SendReport(sent=2)
        assert sink.reached == [new.to_address, again.to_address]


def test_portal_that_was_off_for_days_gives_nothing_up_at_once(through_port, call):
    through_port(free_port())
    submitted(call, "a@example.org")
    assert send(call, later=timedelta(days=30)) == SendReport(released=1, server_away=True)
    assert OutboxEmail.objects.get().state == OutboxState.WAITING


@pytest.mark.parametrize(
    ("asks", "password", "error"),
    [
        (SIGN_IN, "wrong", "The mail server does not accept the portal's name and password (535)."),
        ({}, "wrong", NO_SIGN_IN),
        (SIGN_IN | {"auth_exclude_mechanism": ["LOGIN", "PLAIN"]}, "wrong", NO_SIGN_IN),
        (SIGN_IN, "£20", mail_server.CANNOT_BE_USED),
    ],
)
def test_server_that_refuses_the_sign_in_gives_everything_back(
    through_port, settings, call, asks, password, error
):
    with listening(**asks) as sink:
        through_port(sink.port)
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", password
        submitted(call, "a@example.org")
        assert send(call) == SendReport(released=1, server_away=True)
    assert OutboxEmail.objects.get().last_error == error
    assert mail_health(at=while_open(call)).deferred_because == error


def test_silent_server_costs_one_time_out(through_port, settings, call):
    with silent_server() as (port, times_connected):
        through_port(port)
        settings.EMAIL_TIMEOUT = 0.3
        submitted(call, *(f"{name}@example.org" for name in "abcde"))
        began = time.monotonic()
        assert send(call) == SendReport(released=5, server_away=True)
        assert time.monotonic() - began < 2 * settings.EMAIL_TIMEOUT
        assert times_connected() == 1
    assert OutboxEmail.objects.first().last_error == (
        "The mail server could not be reached: it did not answer in time."
    )


@pytest.mark.parametrize(
    ("step", "report"),
    [
        ("connect", SendReport(released=2, server_away=True)),
        ("starttls", SendReport(released=2, server_away=True)),
        # The server may have it, so it is tried again later than the other.
        ("data", SendReport(deferred=1, released=1, server_away=True)),
    ],
)
def test_run_whose_time_ends_beside_a_slow_server_says_so(
    sink, call, settings, monkeypatch, step, report
):
    """And asks it for no other answer, nor to end the connection."""

    def too_slow(*_arguments, **_options):
        raise SoftTimeLimitExceeded

    settings.EMAIL_USE_TLS = step == "starttls"
    monkeypatch.setattr(smtplib.SMTP, step, too_slow)
    monkeypatch.setattr(smtplib.SMTP, "quit", pytest.fail)
    submitted(call, "a@example.org", "b@example.org")
    assert send(call) == report
    said = OutboxEmail.objects.values_list("last_error", flat=True)
    assert set(said) == {"The mail server takes more than a minute to answer and to take a mail."}
    mails = OutboxEmail.objects.filter(state=OutboxState.WAITING, next_attempt_at=None)
    assert mails.count() == report.released


def test_server_that_is_slow_to_end_the_connection_has_the_mails(sink, call, monkeypatch):
    def too_slow(*_arguments):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(smtplib.SMTP, "quit", too_slow)
    submitted(call, "a@example.org")
    assert send(call) == SendReport(sent=1)


def test_mail_that_is_written_as_the_runs_time_ends_waits_for_the_next_run(sink, call, monkeypatch):
    def too_late(*_arguments):
        raise SoftTimeLimitExceeded

    submitted(call, "a@example.org", "b@example.org")
    monkeypatch.setattr(sending, "render_with", too_late)
    assert send(call) == SendReport(released=2)
    waits = {(OutboxState.WAITING, None)}
    assert set(OutboxEmail.objects.values_list("state", "next_attempt_at")) == waits


def test_server_that_scans_a_mail_for_long_gets_it_once(sink, call, settings):
    settings.EMAIL_TIMEOUT = 0.3
    sink.replies["DATA", None] = 0.4
    submitted(call, "a@example.org")
    assert send(call) == SendReport(sent=1)
    assert sink.reached == ["a@example.org"]


def test_address_under_a_domain_of_other_letters_is_reached(sink, call):
    mails = submitted(call, "a@example.org", "b@example.org")
    OutboxEmail.objects.filter(pk=mails[1].pk).update(to_address="b@münchen.example")
    assert send(call) == SendReport(sent=2)
    assert sink.reached == ["a@example.org", "b@xn--mnchen-3ya.example"]


def test_address_that_is_none_fails_and_the_others_go_out(sink, call):
    bad, _ = submitted(call, "a@example.org", "b@example.org")
    OutboxEmail.objects.filter(pk=bad.pk).update(to_address="a@b\r\nBcc: c@example.org")
    assert send(call) == SendReport(sent=1, failed=1)
    assert sink.reached == ["b@example.org"]


def test_mail_that_cannot_be_written_is_deferred_and_the_others_go_out(
    sink, call, monkeypatch, caplog
):
    message = rendering.MESSAGES[MailKind.CONFIRMATION]
    bad, _ = submitted(call, "a@example.org", "b@example.org")

    def stumble(mail, data):
        if mail.pk == bad.pk:
            raise LookupError(mail.to_address)
        return message(mail, data)

    monkeypatch.setitem(rendering.MESSAGES, MailKind.CONFIRMATION, stumble)
    assert send(call) == SendReport(sent=1, deferred=1)
    (line,) = [
        RedactingFormatter().format(record)
        for record in caplog.records
        if record.getMessage() == f"mail {bad.pk} cannot be rendered"
    ]
    assert "LookupError" in line
    assert "a@example.org" not in line


def test_each_receipt_of_a_batch_carries_the_link_of_its_own_address(sink, call):
    submitted(call, "a@example.org", "b@example.org")
    send(call)
    confirming = []
    for message in sink.messages:
        text = message.get_body(("plain",)).get_content()
        token = re.search(r"/confirm/([\w-]{43})/", text)[1]
        confirming.append(look_up_confirmation(call=call, token=token, at=while_open(call)).mail)
    assert confirming == list(OutboxEmail.objects.order_by("pk"))


def test_links_and_confirmed_addresses_of_a_batch_are_read_together(
    sink, call, django_assert_num_queries
):
    submitted(call, *(f"{name}@example.org" for name in "abcdef"))
    mails = queue.claim_due(wall_now=while_open(call), limit=6)
    with django_assert_num_queries(2):
        data = LiveData(at=while_open(call), mails=mails)
        assert len({data.link(mail).token for mail in mails}) == 6
        assert [data.is_confirmed(mail) for mail in mails] == [False] * 6


def test_run_stops_in_time_and_gives_the_rest_back(sink, call):
    """By real time, whatever the portal's clock says."""
    submitted(call, *(f"{name}@example.org" for name in "abcde"))
    began, over = while_open(call), while_open(call) + sending.STARTS_WITHIN
    report = sending.send_due(
        portal_now=lambda: while_open(call) + timedelta(days=9),
        wall_now=lambda: over if sink.envelopes else began,
    )
    assert report == SendReport(sent=1, released=4)
    assert send(call) == SendReport(sent=4)


@pytest.mark.parametrize("days", [-30, 30])
def test_rehearsals_clock_that_is_moved_sends_nothing_twice_and_holds_nothing_up(sink, call, days):
    wall_now = while_open(call)
    submitted(call, "a@example.org", "b@example.org")
    (claimed,) = queue.claim_due(wall_now=wall_now, limit=1)

    def moved():
        return while_open(call) + timedelta(days=days)

    assert queue.release_stuck(wall_now=wall_now + timedelta(seconds=30)) == 0
    assert sending.send_due(portal_now=moved, wall_now=lambda: wall_now) == SendReport(sent=1)
    assert sink.reached == ["b@example.org"]
    queue.release([claimed])
    assert sending.send_due(portal_now=moved, wall_now=lambda: wall_now) == SendReport(sent=1)
    assert OutboxEmail.objects.get(pk=claimed.pk).sent_at == moved()


def test_no_address_is_logged_or_kept_with_an_error(sink, call, caplog):
    caplog.set_level(logging.DEBUG)
    sink.replies["RCPT", "secret.name@example.org"] = (
        "550 5.1.1 <secret.name@example.org> Secret Name is unknown here"
    )
    submitted(call, "secret.name@example.org", "other.name@example.org")
    send(call)
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("submissions")
    )
    assert "secret" not in ours.lower()
    assert "other.name" not in ours
    assert "secret" not in OutboxEmail.objects.get(state=OutboxState.FAILED).last_error.lower()


def test_mail_goes_to_the_domain_of_idna_2008(sink, call):
    submitted(call, "ada@straße.example")
    assert send(call) == SendReport(sent=1)
    assert sink.reached == ["ada@xn--strae-oqa.example"]


@pytest.mark.parametrize("address", ["t2@exam ple.org", "jürgen@example.org", "ada@☃.example"])
def test_address_that_cannot_be_written_fails_at_once_and_stops_no_other(sink, call, address):
    broken, whole = submitted(call, "a@example.org", "b@example.org")
    OutboxEmail.objects.filter(pk=broken.pk).update(to_address=address)
    assert send(call) == SendReport(sent=1, failed=1)
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == (OutboxState.FAILED, 1)
    assert broken.last_error == "The address is not one that mail can be sent to."
    whole.refresh_from_db()
    assert whole.state == OutboxState.SENT


def test_contact_address_that_cannot_be_written_is_told_to_staff(sink, call):
    (mail,) = submitted(call, "a@example.org")
    type(call).objects.filter(pk=call.pk).update(contact_email="team@exam ple.org")
    assert send(call) == SendReport(failed=1)
    mail.refresh_from_db()
    assert mail.last_error == (
        "The call's contact address is not one that mail can be sent to. Correct it in the call."
    )


@pytest.mark.parametrize(
    ("limit", "lasts"),
    [
        ("MAIL_TO_ADDRESS_PER_HOUR", timedelta(hours=1)),
        ("MAIL_TO_ADDRESS_PER_DAY", timedelta(days=1)),
    ],
)
def test_mail_beyond_what_an_address_may_have_waits_and_goes_out_later(
    sink, call, settings, limit, lasts
):
    settings.SECRET_KEY = token_hex()
    setattr(settings, limit, 2)
    submitted(call, "a@example.org", "A@example.org", "a@example.org", "b@example.org")
    assert send(call) == SendReport(sent=3, deferred=1)
    (waiting,) = OutboxEmail.objects.filter(state=OutboxState.WAITING)
    assert (waiting.attempts, waiting.deferred_since) == (0, None)
    assert waiting.last_error == caps.TO_ADDRESS
    assert send(call, later=lasts - timedelta(minutes=1)) == SendReport()
    settings.SECRET_KEY = token_hex()  # the time is over
    assert send(call, later=lasts) == SendReport(sent=1)


def test_attempts_that_the_mail_server_does_not_take_do_not_count_for_an_address(
    through_port, call, settings
):
    settings.SECRET_KEY = token_hex()
    settings.MAIL_TO_ADDRESS_PER_HOUR = 1
    through_port(free_port())
    (mail,) = submitted(call, "a@example.org")
    for _ in range(2):
        assert send(call) == SendReport(released=1, server_away=True)
    with listening() as sink:
        through_port(sink.port)
        sink.replies["RCPT", "a@example.org"] = "451 4.7.1 Try again later"
        for minutes in (0, 10):
            assert send(call, later=timedelta(minutes=minutes)) == SendReport(deferred=1)
            mail.refresh_from_db()
            assert mail.last_error != caps.TO_ADDRESS
        sink.replies.clear()
        assert send(call, later=timedelta(minutes=20)) == SendReport(sent=1)


@pytest.mark.parametrize("limit", ["MAIL_IN_ALL_PER_HOUR", "MAIL_IN_ALL_PER_DAY"])
def test_mail_beyond_what_the_portal_may_send_waits_but_digests(sink, call, settings, limit):
    settings.SECRET_KEY = token_hex()
    setattr(settings, limit, 2)
    submitted(call, "a@example.org", "b@example.org", "c@example.org")
    assert send(call) == SendReport(sent=2, deferred=1)
    waiting = OutboxEmail.objects.get(state=OutboxState.WAITING)
    assert waiting.last_error == caps.IN_ALL
    waiting.kind = MailKind.STAFF_DIGEST
    assert caps.wait_of(waiting) is None
