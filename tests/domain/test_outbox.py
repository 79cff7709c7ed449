"""A mail is claimed by one worker at a time and leaves the outbox only as sent or failed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from submissions import tasks
from submissions.domain import outbox
from submissions.models import OutboxEmail
from submissions.vocabulary import MailKind, OutboxState
from tests.makers import OPENS_AT, make_call, make_submitted

pytestmark = pytest.mark.django_db
NOW = OPENS_AT + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def owed(number=1):
    call = make_call()
    return [make_submitted(call, at=NOW).mails.get() for _ in range(number)]


def claim(*, at=NOW, limit=10):
    return outbox.claim_due(at=at, limit=limit)


def fresh(mail):
    return OutboxEmail.objects.get(pk=mail.pk)


def test_submitting_owes_one_confirmation_due_at_once():
    (mail,) = owed()
    assert (mail.kind, mail.to_address) == (MailKind.CONFIRMATION, "someone@example.org")
    assert (mail.created_at, mail.next_attempt_at, mail.attempts) == (NOW, NOW, 0)
    assert mail.message_id.endswith("@testserver>")


def test_second_confirmation_of_a_version_is_refused_by_the_database():
    (mail,) = owed()
    with pytest.raises(IntegrityError, match="once_a_version"), transaction.atomic():
        outbox.owe(
            kind=MailKind.CONFIRMATION,
            call=mail.call,
            submission=mail.submission,
            version=mail.version,
            to_address="x@example.org",
            at=NOW,
        )


def test_claim_takes_due_mails_oldest_first():
    first, second, third = owed(3)
    OutboxEmail.objects.filter(pk=first.pk).update(next_attempt_at=NOW + MINUTE)
    OutboxEmail.objects.filter(pk=second.pk).update(next_attempt_at=NOW + 2 * MINUTE)
    assert claim(at=NOW + MINUTE) == [third, first]
    assert claim(at=NOW + 2 * MINUTE - timedelta(microseconds=1)) == []
    assert claim(at=NOW + 2 * MINUTE) == [second]


def test_claim_is_marked_in_the_row_and_in_the_mail():
    owed()
    (mail,) = claim()
    for seen in (mail, fresh(mail)):
        assert (seen.state, seen.claimed_at, seen.attempts) == (OutboxState.CLAIMED, NOW, 1)


def test_claim_reads_as_often_for_three_as_for_one(django_assert_num_queries):
    owed(4)
    for limit in (1, 3):
        with django_assert_num_queries(4):  # savepoint, select, update, savepoint
            for mail in claim(limit=limit):
                assert mail.version.submission.call_id == mail.call.pk


def test_rate_holds_over_the_last_minute(settings):
    settings.MAIL_PER_MINUTE = 2
    owed(5)
    assert len(claim()) == 2
    assert claim(at=NOW + MINUTE - timedelta(microseconds=1)) == []
    assert len(claim(at=NOW + MINUTE)) == 2
    assert len(claim(at=NOW + 2 * MINUTE, limit=1)) == 1


def test_mail_given_back_leaves_the_rate_alone(settings):
    settings.MAIL_PER_MINUTE = 1
    owed()
    assert outbox.give_back(claim()) == 1
    assert len(claim(at=NOW + timedelta(seconds=1))) == 1


def test_give_back_counts_no_attempt_and_keeps_the_place():
    first, second = owed(2)
    claimed = claim(limit=1)
    outbox.give_back(claimed, error="The server is away.")
    mail = fresh(first)
    assert (mail.state, mail.attempts, mail.claimed_at) == (OutboxState.WAITING, 0, None)
    assert mail.last_error == "The server is away."
    assert claim(at=NOW + MINUTE) == [first, second]


@pytest.mark.parametrize("number", range(2, 40))
def test_waits_double_up_to_six_hours(number):
    expected = min(60 * 2 ** (number - 2), 6 * 3600)
    waits = {outbox.wait_before_attempt(number).total_seconds() for _ in range(20)}
    assert all(0.8 * expected <= wait <= 1.2 * expected for wait in waits)
    assert len(waits) > 1


def test_delayed_mail_is_given_up_after_three_days():
    (mail,) = owed()
    (claimed,) = claim()
    outbox.mark_delayed(claimed, at=NOW + timedelta(days=3) - 2 * MINUTE, error="Busy.")
    assert fresh(mail).state == OutboxState.WAITING
    (claimed,) = claim(at=NOW + timedelta(days=3))
    outbox.mark_delayed(claimed, at=NOW + timedelta(days=3), error="Busy.")
    assert (fresh(mail).state, fresh(mail).last_error) == (
        OutboxState.FAILED,
        "Busy. Given up after 3 days.",
    )


def test_stuck_mail_is_released_when_its_claim_is_over():
    owed()
    claim()
    over = NOW + outbox.CLAIM_LASTS
    assert outbox.release_stuck(at=over - timedelta(microseconds=1)) == 0
    assert outbox.release_stuck(at=over) == 1
    assert outbox.release_stuck(at=over) == 0
    (mail,) = claim(at=over)
    assert mail.attempts == 2


def test_mail_that_outlives_three_workers_has_to_wait():
    owed()
    at = NOW
    for _ in range(3):
        assert len(claim(at=at)) == 1
        at += outbox.CLAIM_LASTS
        outbox.release_stuck(at=at)
    assert claim(at=at + 2 * MINUTE) == []
    assert len(claim(at=at + 5 * MINUTE)) == 1


def test_worker_thought_dead_cannot_undo_its_successors_work():
    (mail,) = owed()
    (late,) = claim()
    outbox.release_stuck(at=NOW + outbox.CLAIM_LASTS)
    (successor,) = claim(at=NOW + outbox.CLAIM_LASTS)
    sent = {"subject": "S", "body": "B", "body_html": "H"}
    assert outbox.mark_failed(late, error="Too late.") is False
    assert outbox.give_back([late]) == 0
    assert outbox.mark_sent(successor, at=NOW + 2 * MINUTE, **sent) is True
    assert outbox.mark_sent(late, at=NOW + 3 * MINUTE, **sent) is False
    assert fresh(mail).sent_at == NOW + 2 * MINUTE


def test_sending_ends_before_its_claims_do():
    assert timedelta(seconds=tasks.send_due_mail.time_limit) < outbox.CLAIM_LASTS
