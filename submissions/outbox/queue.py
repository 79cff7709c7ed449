"""The mails that are owed: written with what owes them, claimed, sent, given back.

    waiting -> claimed -> sent
                       -> waiting (a later attempt)
                       -> failed (given up; staff are shown why)

A claim is marked by its moment: whoever finishes a mail says which claim it finishes, so a
worker that was thought dead cannot undo what its successor did.

When a mail was owed and when it went out is by the portal's clock (`at`). Claims, pauses and
giving up are by real time (`real`): to move a rehearsal's clock must neither send a mail twice
nor hold one up.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict, Unpack

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model, Q, Value
from django.db.models.functions import Coalesce
from psycopg2.extras import execute_values

from core.backoff import more_or_less, pause_after
from core.claims import claim, claimed_row, claimed_until
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState

GIVE_UP_AFTER = timedelta(days=3)
# Longer than a sending task may run before it is killed, so no mail has two senders.
CLAIM_LASTS = timedelta(seconds=90)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=2)
# What no letter is written from: half of a row's bytes.
NOT_READ = (
    *("subject", "body"),
    *("version__choices", "version__texts", "version__text_keys"),
)
# For staff, in the text that is kept of a mail.
ANSWERS_LEFT_OUT = "[The mail had the answers here. They are kept once, with the response.]"
CLAIMING_LOCK = 5_283_301  # any number that no other advisory lock of this database has


class MailFields(TypedDict, total=False):
    """What a mail is about; `at` is when it was owed, by the portal's clock."""

    kind: Required[MailKind]
    call: Required[Call]
    to_address: Required[str]
    at: Required[datetime]
    submission: Model | None
    version: Model | None
    occasion: str
    resend_of: OutboxEmail | None


def enqueue(**owed: Unpack[MailFields]) -> OutboxEmail:
    """Write the row of a mail, due at once; call inside the owing transaction."""
    mail = build(**owed)
    mail.save(force_insert=True)
    return mail


def build(*, at: datetime, **about: Any) -> OutboxEmail:
    """Return the row that `owe` writes, for writing many at once."""
    return OutboxEmail(message_id=_new_message_id(), created_at=at, **about)


def _new_message_id() -> str:
    """Return a Message-ID (RFC 5322, 3.6.4) that every attempt of one mail carries."""
    return f"<{secrets.token_hex(16)}@{settings.PORTAL_HOST}>"


def claim_due(*, wall_now: datetime, limit: int) -> list[OutboxEmail]:
    """Claim up to `limit` due mails for this worker and return them with what they are about.

    Rows that another worker is claiming are passed over (SKIP LOCKED). The claim is committed
    on return, so a worker that dies leaves a claimed row for `release_stuck` to find. No more
    are claimed than MAIL_PER_MINUTE leaves (0: no limit), whichever worker claimed the others.
    """
    with transaction.atomic():
        due = (
            OutboxEmail.objects.due_at(wall_now)
            .select_related("submission", "version")
            .defer(*NOT_READ)
            .order_by(F("next_attempt_at").asc(nulls_first=True), "pk")
        )
        mails = claim(due, limit=_within_the_rate(limit, wall_now), wall_now=wall_now)
    _give_calls(mails)
    return mails


def _give_calls(mails: Sequence[OutboxEmail]) -> None:
    """Give mails and responses their call: the mails of a batch share one, which is long."""
    calls = Call.objects.in_bulk({mail.call_id for mail in mails})
    for mail in mails:
        mail.call = calls[mail.call_id]
        if mail.submission is not None:
            mail.submission.call = mail.call
        if mail.version is not None:
            mail.version.submission = mail.submission


def _within_the_rate(limit: int, wall_now: datetime) -> int:
    if not settings.MAIL_PER_MINUTE:
        return limit
    # Two workers that counted side by side would both take what is left.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING_LOCK])
    claimed = OutboxEmail.objects.filter(claimed_at__gt=wall_now - timedelta(minutes=1)).count()
    return max(0, min(limit, settings.MAIL_PER_MINUTE - claimed))


@contextmanager
def marks_may_lag() -> Iterator[None]:
    """Let claims and marks reach the disk a moment after they are committed.

    A power cut may then undo the last of them: those mails go out once more, none is lost.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        # A connection that cannot be asked any more has lost the setting with itself.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


@dataclass(frozen=True)
class Sent:
    """A mail that the mail server took, at a moment by the portal's clock, and its words."""

    mail: OutboxEmail
    at: datetime
    subject: str
    body: str


# Django writes one statement a row, or one with a CASE for each column: with the text of a
# response in each row, both took longer than sending the mail.
MARK_SENT = f"""
    UPDATE submissions_outboxemail AS mail
    SET state = '{OutboxState.SENT}', sent_at = kept.sent_at, last_error = '',
        subject = kept.subject, body = kept.body
    FROM (VALUES %s) AS kept (id, claimed_at, sent_at, subject, body)
    WHERE mail.id = kept.id AND mail.claimed_at = kept.claimed_at
        AND mail.state = '{OutboxState.CLAIMED}'
    RETURNING mail.id
"""  # noqa: S608 - two words of our own vocabulary
A_MARK = "(%s::bigint, %s::timestamptz, %s::timestamptz, %s, %s)"


def mark_sent(sent: Sequence[Sent]) -> set[int]:
    """Record what the mail server took, with its text; return the keys of the mails marked.

    One whose claim was lost is left out.
    """
    rows = [(one.mail.pk, one.mail.claimed_at, one.at, one.subject, one.body) for one in sent]
    if not rows:
        return set()
    with connection.cursor() as cursor:
        marked = execute_values(cursor.cursor, MARK_SENT, rows, template=A_MARK, fetch=True)
    return {pk for (pk,) in marked}


def mark_delayed(
    mail: OutboxEmail, *, wall_now: datetime, error: str, pause: timedelta | None = None
) -> bool:
    """Give the mail back for a later attempt, or give up GIVE_UP_AFTER the first failed one.

    `error` is a sentence for staff. The pauses grow from a minute to two hours. False if the
    claim was lost.
    """
    since = mail.held_up_since or wall_now
    if pause is None:
        pause = pause_after(wall_now - since, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    due = wall_now + pause
    if due > since + GIVE_UP_AFTER:
        return mark_failed(mail, error=_given_up(error))
    return _finish(
        mail,
        state=OutboxState.WAITING,
        next_attempt_at=due,
        held_up_since=since,
        last_error=error,
    )


def _given_up(error: str) -> str:
    return f"{error} Given up after {GIVE_UP_AFTER.days} days."


def defer_all(*, wall_now: datetime, error: str) -> int:
    """Note on every due mail that the mail server is away, and why; return how many it ends.

    They stay due, and are sent as soon as the server is back. Those that it has held up for
    GIVE_UP_AFTER are given up: staff can send them again.
    """
    due = OutboxEmail.objects.due_at(wall_now)
    due.filter(
        Q(held_up_since=None) | Q(next_attempt_at__isnull=False) | ~Q(last_error=error)
    ).update(
        held_up_since=Coalesce("held_up_since", Value(wall_now)),
        next_attempt_at=None,
        last_error=error,
    )
    return due.filter(held_up_since__lte=wall_now - GIVE_UP_AFTER).update(
        state=OutboxState.FAILED, last_error=_given_up(error)
    )


def cancel(mail: OutboxEmail) -> bool:
    """Owe the mail no longer: what it says has ceased to be so. False if the claim was lost."""
    deleted, _ = claimed_row(mail).delete()
    return bool(deleted)


def mark_failed(mail: OutboxEmail, *, error: str) -> bool:
    """Stop trying; `error` is a sentence for staff."""
    return _finish(mail, state=OutboxState.FAILED, last_error=error)


def release(mails: Sequence[OutboxEmail]) -> int:
    """Give back mails that were claimed and not tried, due as before; return how many.

    The attempt is not counted: a mail server that is away refused none of them.
    """
    return sum(
        _finish(mail, state=OutboxState.WAITING, claimed_at=None, attempts=F("attempts") - 1)
        for mail in mails
    )


def _finish(mail: OutboxEmail, **changes: object) -> bool:
    return bool(claimed_row(mail).update(**changes))


def release_stuck(*, wall_now: datetime) -> int:
    """Give back the mails whose worker claimed them and never came back; return how many.

    The first two times they are due at once; a mail that outlived more workers than that may
    be what ends them, so it waits, each time twice as long.
    """
    released = 0
    error = "The worker stopped while it was sending this mail."
    for mail in claimed_until(OutboxEmail.objects.all(), wall_now - CLAIM_LASTS):
        if mail.attempts > 2:
            doubled = FIRST_PAUSE * 2 ** min(mail.attempts - 1, 20)
            pause = more_or_less(min(doubled, LONGEST_PAUSE))
            released += mark_delayed(mail, wall_now=wall_now, error=error, pause=pause)
        else:
            released += _finish(
                mail, state=OutboxState.WAITING, next_attempt_at=wall_now, last_error=error
            )
    return released
