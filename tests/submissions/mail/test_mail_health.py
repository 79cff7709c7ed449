"""How the outbox is doing, in numbers."""

from datetime import timedelta

import pytest

from submissions.mail.mail_health import MailHealth, late_in_words, mail_health
from submissions.mail.resending import send_again
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from tests.makers import OPENS_AT, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db
NOW = OPENS_AT + timedelta(days=3)
MINUTE = timedelta(minutes=1)


def enqueued(at, **changes):
    mail = make_submitted(make_call(), at=at).mails.get()
    OutboxEmail.objects.filter(pk=mail.pk).update(**changes)
    return mail


def test_empty_outbox_is_well():
    health = mail_health(at=NOW)
    assert health == MailHealth(
        waiting=0, sent=0, failed=0, late=0, oldest_waiting=None, deferred_because=""
    )
    assert late_in_words(health) == ""


def test_each_mail_is_counted_once(django_assert_num_queries):
    day = timedelta(days=1)
    mail = enqueued(NOW - 16 * MINUTE)
    enqueued(NOW - 20 * MINUTE, state=OutboxState.CLAIMED, claimed_at=NOW)
    enqueued(NOW - 15 * MINUTE)
    enqueued(NOW - 2 * day, state=OutboxState.SENT, sent_at=NOW - day)
    enqueued(NOW - 2 * day, state=OutboxState.SENT, sent_at=NOW - day + MINUTE)
    enqueued(NOW - 2 * day, state=OutboxState.FAILED)
    with django_assert_num_queries(1):
        health = mail_health(at=NOW)
    assert health == MailHealth(
        waiting=3, sent=1, failed=1, late=2, oldest_waiting=NOW - 20 * MINUTE, deferred_because=""
    )
    assert late_in_words(health) == "2 mails have waited for more than 15 minutes"
    assert mail_health(OutboxEmail.objects.filter(pk=mail.pk), at=NOW).waiting == 1


def test_failed_mail_that_was_sent_again_needs_nobody(settings):
    mail = enqueued(NOW, state=OutboxState.FAILED)
    mail.refresh_from_db()
    send_again(mail, by=make_user(), at=NOW)
    assert (mail_health(at=NOW).failed, mail_health(at=NOW).waiting) == (0, 1)


def test_what_holds_every_mail_up_is_told_and_what_holds_one_up_is_not():
    mail = enqueued(
        NOW,
        last_error="The mailbox is full.",
        deferred_since=NOW,
        next_attempt_at=NOW + MINUTE,
    )
    assert mail_health(at=NOW).deferred_because == ""
    enqueued(NOW)
    queue.defer_all(
        wall_now=NOW, error="The mail server does not take mail from this portal (550)."
    )
    assert mail_health(at=NOW).deferred_because == (
        "The mail server does not take mail from this portal (550)."
    )
    OutboxEmail.objects.exclude(pk=mail.pk).update(state=OutboxState.SENT, sent_at=NOW)
    assert mail_health(at=NOW).deferred_because == ""


def test_limit_is_the_operators(settings):
    settings.MAIL_STALE_MINUTES = 1
    enqueued(NOW - MINUTE)
    assert late_in_words(mail_health(at=NOW)) == ""
    late = mail_health(at=NOW + timedelta(microseconds=1))
    assert late_in_words(late) == "1 mail has waited for more than 1 minute"
