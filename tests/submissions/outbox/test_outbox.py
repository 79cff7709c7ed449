"""A mail is claimed by one worker at a time and leaves the outbox only as sent or failed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core.backoff import pause_after
from core.claims import claimed_until, renew
from submissions.mail import tasks
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from tests.makers import OPENS_AT, make_call, make_submitted

pytestmark = pytest.mark.django_db
NOW = OPENS_AT + timedelta(days=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def enqueued(number=1):
    call = make_call()
    return [make_submitted(call, at=NOW).mails.get() for _ in range(number)]


def claim(*, wall_now=NOW, limit=10):
    return queue.claim_due(wall_now=wall_now, limit=limit)


def fresh(mail):
    return OutboxEmail.objects.get(pk=mail.pk)


def test_submitting_enqueues_one_confirmation_due_at_once():
    (mail,) = enqueued()
    assert (mail.kind, mail.to_address) == (MailKind.CONFIRMATION, "someone@example.org")
    assert (mail.created_at, mail.next_attempt_at, mail.attempts) == (NOW, None, 0)
    assert mail.message_id.endswith("@testserver>")


def test_second_confirmation_of_a_version_is_refused_by_the_database():
    (mail,) = enqueued()
    with pytest.raises(IntegrityError, match="once_a_version"), transaction.atomic():
        queue.enqueue(
            kind=MailKind.CONFIRMATION,
            call=mail.call,
            submission=mail.submission,
            version=mail.version,
            to_address="x@example.org",
            at=NOW,
        )


def test_claim_takes_due_mails_oldest_first():
    first, second, third = enqueued(3)
    OutboxEmail.objects.filter(pk=first.pk).update(next_attempt_at=NOW + MINUTE)
    OutboxEmail.objects.filter(pk=second.pk).update(next_attempt_at=NOW + 2 * MINUTE)
    assert claim(wall_now=NOW + MINUTE) == [third, first]
    assert claim(wall_now=NOW + 2 * MINUTE - timedelta(microseconds=1)) == []
    assert claim(wall_now=NOW + 2 * MINUTE) == [second]


def test_claim_is_marked_in_the_row_and_in_the_mail():
    enqueued()
    (mail,) = claim()
    for seen in (mail, fresh(mail)):
        assert (seen.state, seen.claimed_at, seen.attempts) == (OutboxState.CLAIMED, NOW, 1)


def test_claim_reads_as_often_for_three_as_for_one(django_assert_num_queries):
    enqueued(4)
    for limit in (1, 3):
        with django_assert_num_queries(7):  # two savepoints, select, companions, update
            for mail in claim(limit=limit):
                assert mail.version.submission_id == mail.submission.pk
                assert mail.submission.call_id == mail.call.pk


def test_rate_holds_over_the_last_minute(settings):
    settings.MAIL_PER_MINUTE = 2
    enqueued(5)
    assert len(claim()) == 2
    assert claim(wall_now=NOW + MINUTE - timedelta(microseconds=1)) == []
    assert len(claim(wall_now=NOW + MINUTE)) == 2
    assert len(claim(wall_now=NOW + 2 * MINUTE, limit=1)) == 1


def test_released_mail_leaves_the_rate_alone(settings):
    settings.MAIL_PER_MINUTE = 1
    enqueued()
    assert queue.release(claim()) == 1
    assert len(claim(wall_now=NOW + timedelta(seconds=1))) == 1


def test_release_counts_no_attempt_and_keeps_the_place():
    first, second = enqueued(2)
    claimed = claim(limit=1)
    queue.release(claimed)
    mail = fresh(first)
    assert (mail.state, mail.attempts, mail.claimed_at) == (OutboxState.WAITING, 0, None)
    assert claim(wall_now=NOW + MINUTE) == [first, second]


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [(0, 60), (4, 60), (8, 60), (16, 120), (80, 600), (16 * 60, 7200), (3 * 24 * 60, 7200)],
)
def test_pauses_grow_with_the_trouble_up_to_two_hours(trouble, expected):
    pauses = {
        pause_after(
            trouble * MINUTE, first=queue.FIRST_PAUSE, longest=queue.LONGEST_PAUSE
        ).total_seconds()
        for _ in range(20)
    }
    assert all(0.8 * expected <= pause <= 1.2 * expected for pause in pauses)
    assert len(pauses) > 1


def test_mail_in_trouble_for_ten_minutes_is_tried_within_two_of_its_end():
    (mail,) = enqueued()
    at = NOW
    while at < NOW + 10 * MINUTE:
        (claimed,) = claim(wall_now=at)
        queue.defer(claimed, wall_now=at, error="Busy.")
        waits, at = fresh(mail).next_attempt_at - at, fresh(mail).next_attempt_at
        assert waits < 2 * MINUTE


def test_deferred_mail_is_given_up_three_days_after_it_first_failed():
    """And not before it was tried: a portal that was off for days has refused nothing."""
    (mail,) = enqueued()
    began = NOW + timedelta(days=5)
    (claimed,) = claim(wall_now=began)
    queue.defer(claimed, wall_now=began, error="Busy.")
    late = began + timedelta(days=3)
    (claimed,) = claim(wall_now=late - 3 * HOUR)
    queue.defer(claimed, wall_now=late - 3 * HOUR, error="Busy.")
    assert fresh(mail).state == OutboxState.WAITING
    (claimed,) = claim(wall_now=late)
    queue.defer(claimed, wall_now=late, error="Busy.")
    assert (fresh(mail).state, fresh(mail).last_error) == (
        OutboxState.FAILED,
        "Busy. Given up after 3 days.",
    )


def test_server_that_is_away_defers_every_due_mail_and_none_that_waits_for_itself():
    due, refused = enqueued(2)
    OutboxEmail.objects.filter(pk=refused.pk).update(next_attempt_at=NOW + HOUR)
    assert queue.defer_all(wall_now=NOW, error="No server.") == 0
    assert (fresh(due).deferred_since, fresh(due).last_error) == (NOW, "No server.")
    assert (fresh(refused).deferred_since, fresh(refused).last_error) == (None, "")
    queue.defer_all(wall_now=NOW + MINUTE, error="No sign-in.")
    assert (fresh(due).deferred_since, fresh(due).last_error) == (NOW, "No sign-in.")
    assert claim(wall_now=NOW + MINUTE) == [due]


def test_server_that_is_away_for_three_days_fails_what_it_deferred():
    old, new = enqueued(2)
    OutboxEmail.objects.filter(pk=new.pk).update(next_attempt_at=NOW + DAY)
    queue.defer_all(wall_now=NOW, error="No server.")
    assert queue.defer_all(wall_now=NOW + 3 * DAY - MICROSECOND, error="No server.") == 0
    assert queue.defer_all(wall_now=NOW + 3 * DAY, error="No server.") == 1
    assert (fresh(old).state, fresh(old).last_error) == (
        OutboxState.FAILED,
        "No server. Given up after 3 days.",
    )
    assert fresh(new).state == OutboxState.WAITING


def test_mail_that_was_held_back_for_days_after_an_outage_outlives_the_next_one():
    enqueued()
    queue.defer_all(wall_now=NOW, error="No server.")
    (mail,) = claim()
    queue.hold_back(mail, until=NOW + 3 * DAY, reason="It waits.")
    assert queue.defer_all(wall_now=NOW + 3 * DAY, error="No server.") == 0
    assert fresh(mail).deferred_since == NOW + 3 * DAY


def test_row_of_a_mail_that_is_deferred_for_long_is_written_once():
    enqueued()
    queue.defer_all(wall_now=NOW, error="No server.")
    row = OutboxEmail.objects.extra(select={"written": "xmin"})
    before = row.get().written
    queue.defer_all(wall_now=NOW + HOUR, error="No server.")
    assert row.get().written == before


def test_stuck_mail_is_released_when_its_claim_is_over():
    enqueued()
    claim()
    over = NOW + queue.CLAIM_LASTS
    assert queue.release_stuck(wall_now=over - timedelta(microseconds=1)) == 0
    assert queue.release_stuck(wall_now=over) == 1
    assert queue.release_stuck(wall_now=over) == 0
    (mail,) = claim(wall_now=over)
    assert mail.attempts == 2


def test_renewed_claim_lasts_from_its_renewal_and_a_lost_one_is_not_renewed():
    enqueued()
    (mail,) = claim()
    assert renew(mail, wall_now=NOW + MINUTE) is True
    assert mail.claimed_at == fresh(mail).claimed_at == NOW + MINUTE
    assert list(claimed_until(OutboxEmail.objects.all(), NOW + MINUTE - MICROSECOND)) == []
    assert list(claimed_until(OutboxEmail.objects.all(), NOW + MINUTE)) == [mail]
    queue.release_stuck(wall_now=NOW + MINUTE + queue.CLAIM_LASTS)
    assert renew(mail, wall_now=NOW + 3 * MINUTE) is False


def test_mail_that_outlives_three_workers_has_to_wait():
    enqueued()
    at = NOW
    for _ in range(3):
        assert len(claim(wall_now=at)) == 1
        at += queue.CLAIM_LASTS
        queue.release_stuck(wall_now=at)
    assert claim(wall_now=at + 2 * MINUTE) == []
    assert len(claim(wall_now=at + 5 * MINUTE)) == 1


def test_worker_thought_dead_cannot_undo_its_successors_work():
    (mail,) = enqueued()
    (late,) = claim()
    queue.release_stuck(wall_now=NOW + queue.CLAIM_LASTS)
    (successor,) = claim(wall_now=NOW + queue.CLAIM_LASTS)
    assert queue.mark_failed(late, error="Too late.") is False
    assert queue.release([late]) == 0
    assert mark_sent(late, NOW + MINUTE) is False
    assert mark_sent(successor, NOW + 2 * MINUTE) is True
    assert mark_sent(late, NOW + 3 * MINUTE) is False
    assert fresh(mail).sent_at == NOW + 2 * MINUTE


def mark_sent(mail, at):
    return queue.mark_sent(mail, at=at, subject="S", body="B")


def test_sent_mail_keeps_its_words_and_no_error():
    enqueued()
    OutboxEmail.objects.update(last_error="Busy.")
    (mail,) = claim()
    queue.mark_sent(mail, at=NOW, subject="S", body="B")
    sent = fresh(mail)
    assert (sent.state, sent.subject, sent.body, sent.last_error) == (
        OutboxState.SENT,
        "S",
        "B",
        "",
    )


def test_sending_ends_before_its_claims_do():
    task = tasks.send_due_mail
    assert task.soft_time_limit < task.time_limit < queue.CLAIM_LASTS.total_seconds()
