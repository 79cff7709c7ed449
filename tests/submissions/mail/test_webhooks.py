"""What a mail provider reports about a mail ends on its record, and nobody else's word does."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import timedelta

import pytest
from django.urls import NoReverseMatch, path, reverse

from core.mail_refusals import explain_return
from submissions.mail import webhooks
from submissions.mail.providers import VIEWS
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import AddressSource, MailKind, OutboxState
from submissions.responses.models import ReturnAddress
from tests.makers import OPENS_AT, make_submitted

pytestmark = pytest.mark.django_db
SECRET = "hook:of-the-tests-only-and-long"
NOW = OPENS_AT + timedelta(days=1)


@pytest.fixture
def report(client, settings):
    """Post a report of the provider; returns the status of the answer."""

    def post(provider, body, *, secret=SECRET, **headers):
        settings.ANYMAIL_PROVIDER = provider
        settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
        settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": webhooks.urls()})
        if secret:
            headers["Authorization"] = f"Basic {b64encode(secret.encode()).decode()}"
        return client.post(
            f"/anymail/{provider}/tracking/",
            json.dumps(body),
            content_type="application/json",
            headers=headers,
        ).status_code

    return post


def sent_mail(address="jo@example.com", at=NOW):
    mail = make_submitted(at=at, email=address).mails.get()
    OutboxEmail.objects.filter(pk=mail.pk).update(
        state=OutboxState.SENT, sent_at=at, body="Words.", message_id=f"<{mail.pk}@example.org>"
    )
    return OutboxEmail.objects.get(pk=mail.pk)


def outcome(mail):
    mail.refresh_from_db()
    return mail.state, mail.last_error


def postmark(kind="HardBounce", **changes):
    """As Postmark's documentation of its bounce webhook has it."""
    return {
        "RecordType": "Bounce",
        "ID": 901542550,
        "Type": kind,
        "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
        "Details": "smtp;550 5.1.1 The account jo@example.com does not exist.",
        "Email": "jo@example.com",
        "BouncedAt": "2019-05-30T10:28:50.3963933+01:00",
    } | changes


def mailgun(mail, event="failed", severity="permanent"):
    """As Mailgun's documentation has it, signed."""
    timestamp, token = "1559210000", "a" * 50
    signature = hmac.new(b"key", f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": signature},
        "event-data": {
            "event": event,
            "severity": severity,
            "reason": "bounce",
            "recipient": mail.to_address,
            "timestamp": 1559210000.5,
            "message": {"headers": {"message-id": mail.message_id.strip("<>")}},
            "delivery-status": {"code": 552, "message": "5.2.2 jo@example.com is over quota"},
        },
    }


def test_no_provider_no_address(settings):
    assert settings.ANYMAIL_PROVIDER == ""
    assert webhooks.urls() == []
    with pytest.raises(NoReverseMatch):
        reverse("mail_reports")


@pytest.mark.parametrize("provider", VIEWS)
def test_each_provider_has_an_address(provider, settings):
    settings.ANYMAIL_PROVIDER = provider
    (entry,) = webhooks.urls()
    assert isinstance(entry, type(path("", lambda _request: None)))
    assert str(entry.pattern) == f"anymail/{provider}/tracking/"


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("jo@example.com", "Jo@Example.com"),
        ("jo@straße.example", "jo@xn--strae-oqa.example"),
    ],
)
def test_bounce_marks_the_newest_mail_sent_to_the_address(report, address, named):
    newer, older = sent_mail(address, at=NOW + timedelta(hours=1)), sent_mail(address)
    other = sent_mail("else@example.com", at=NOW + timedelta(hours=2))
    waiting = make_submitted(at=NOW + timedelta(hours=3), email=address).mails.get()
    assert report("postmark", postmark(Email=named)) == 200
    reason = "It came back: There is no such mailbox at the address. (550 5.1.1)"
    assert outcome(newer) == (OutboxState.FAILED, reason)
    assert newer.sent_at is None
    assert [outcome(mail) for mail in (older, other)] == [(OutboxState.SENT, "")] * 2
    assert outcome(waiting) == (OutboxState.WAITING, "")


def test_bounce_marks_the_mail_that_it_names(report, caplog):
    named, newer = sent_mail(), sent_mail(at=NOW + timedelta(hours=1))
    assert report("mailgun", mailgun(named)) == 200
    assert outcome(named) == (
        OutboxState.FAILED,
        "It came back: The mailbox is full. (5.2.2)",
    )
    assert outcome(newer) == (OutboxState.SENT, "")
    assert f"mail {named.pk} came back" in caplog.text
    assert named.to_address not in caplog.text


def test_delay_on_the_way_changes_nothing(report):
    mail = sent_mail()
    assert report("mailgun", mailgun(mail, severity="temporary")) == 200
    assert report("mailgun", mailgun(mail, event="delivered")) == 200
    assert report("postmark", postmark("Transient")) == 200
    assert outcome(mail) == (OutboxState.SENT, "")


def test_complaint_is_on_the_mail_and_ends_reminders(report, at):
    at(NOW)
    mail = sent_mail()
    assert report("postmark", postmark("SpamComplaint", RecordType="SpamComplaint")) == 200
    assert outcome(mail) == (
        OutboxState.FAILED,
        "The mail arrived, and its reader reported it as spam.",
    )
    assert ReturnAddress.objects.get(submission=mail.submission).reminders_refused_at == NOW


@pytest.mark.parametrize("source", [AddressSource.COLLEAGUE, AddressSource.STAFF])
def test_complaint_at_an_address_of_somebody_else_stops_no_reminders(report, source):
    mail = enqueue(
        kind=MailKind.ERASURE_ASKED,
        call=(response := make_submitted(at=NOW)).call,
        submission=response,
        to_address="jo@example.com",
        address_given_by=source,
        at=NOW,
    )
    OutboxEmail.objects.filter(pk=mail.pk).update(state=OutboxState.SENT, sent_at=NOW)
    assert report("postmark", postmark("SpamComplaint", RecordType="SpamComplaint")) == 200
    assert outcome(mail)[0] == OutboxState.FAILED
    assert not ReturnAddress.objects.filter(reminders_refused_at__isnull=False).exists()


def test_report_of_a_stranger_changes_nothing(report):
    mail = sent_mail()
    assert report("postmark", postmark(), secret=None) == 400
    assert report("postmark", postmark(), secret="hook:guessed") == 400
    forged = mailgun(mail)
    forged["signature"]["signature"] = "0" * 64
    assert report("mailgun", forged) == 400
    assert outcome(mail) == (OutboxState.SENT, "")


def test_report_of_an_unknown_mail_is_taken_and_forgotten(report):
    assert report("postmark", postmark()) == 200
    assert OutboxEmail.objects.count() == 0


def test_first_reason_stays(report):
    mail = sent_mail()
    report("mailgun", mailgun(mail))
    before = outcome(mail)
    report("mailgun", mailgun(mail, event="complained"))
    assert outcome(mail) == before


@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        ("BadEmailAddress", "", "The address is not one that mail can be sent to."),
        ("Blocked", "", "The mail provider's rules do not let this mail through."),
        ("SoftBounce", "", "The mail came back: the mailbox does not exist or takes no mail."),
        ("SMTPApiError", "", "The mail provider could not deliver this mail."),
        (
            "HardBounce",
            "jo@example.com 550",
            "It came back: There is no such mailbox at the address, or it takes no mail. (550)",
        ),
    ],
)
def test_reasons_are_told_in_plain_words(report, kind, details, words):
    mail = sent_mail()
    report("postmark", postmark(kind, Details=details))
    assert outcome(mail) == (OutboxState.FAILED, words)


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ("smtp; 550 5.1.1 <jo@example.com>: Recipient address rejected", "(550 5.1.1)"),
        ("550-5.1.1 The account does not exist.\n550 5.1.1 See mail.example", "(550 5.1.1)"),
        ("550-Verification failed for <jo@example.com>\n550 No such user", "(550)"),
        ("smtp;550 #5.1.0 Address rejected.", "(550 5.1.0)"),
        ("mx.example.com #<mx.example.com #5.1.1 smtp; 550 5.1.1 Not found> #SMTP#", "(550 5.1.1)"),
        ("host mx-500.example.com[192.0.2.9] said: 452 4.2.2 Mailbox full", "(452 4.2.2)"),
        ("host 550-mx.example.com[192.4.2.2] said: 451-4.3.0 Try later", "(451 4.3.0)"),
        ("host mx.example.com[192.5.2.2] said: 554 Message refused", "(554)"),
        ("mx.example.com ESMTP Exim 4.94.2; 550 No such user", "(550)"),
        ("554 5.4.14. Try again later", "(554 5.4.14)"),
        ("<500@example.com>: connect to 500.example.com[192.5.2.2]:587: Timed out", ""),
    ],
)
def test_number_counts_as_a_code_only_where_it_stands_alone(reply, numbers):
    told = explain_return("bounced", "", reply)
    if numbers:
        assert told.startswith("It came back: ")
        assert told.endswith(f" {numbers}")
    else:
        assert told == "The mail provider could not deliver this mail."
