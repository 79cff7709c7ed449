"""The mails that are owed: written with what owes them, claimed, sent, given back.

    waiting -> claimed -> sent
                       -> waiting (a later attempt)
                       -> failed (given up; staff are shown why)

A claim is marked by its moment: whoever finishes a mail says which claim it finishes, so a
worker that was thought dead cannot undo what its successor did.
"""

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from submissions.models import Call, OutboxEmail, Submission, Version
from submissions.vocabulary import MailKind, OutboxState

GIVE_UP_AFTER = timedelta(days=3)
# Longer than a sending task may run before it is killed, so no mail has two senders.
CLAIM_LASTS = timedelta(seconds=90)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
CLAIMING_LOCK = 5_283_301  # any number that no other advisory lock of this database has
_random = random.SystemRandom()


def owe(
    *,
    kind: MailKind,
    call: Call,
    to_address: str,
    at: datetime,
    submission: Submission | None = None,
    version: Version | None = None,
    occasion: str = "",
    resend_of: OutboxEmail | None = None,
) -> OutboxEmail:
    """Write the row of a mail, due at once; call inside the owing transaction."""
    mail = unwritten(
        kind=kind,
        call=call,
        to_address=to_address,
        at=at,
        submission=submission,
        version=version,
        occasion=occasion,
        resend_of=resend_of,
    )
    mail.save(force_insert=True)
    return mail


def unwritten(
    *,
    kind: MailKind,
    call: Call,
    to_address: str,
    at: datetime,
    submission: Submission | None = None,
    version: Version | None = None,
    occasion: str = "",
    resend_of: OutboxEmail | None = None,
) -> OutboxEmail:
    """Return the row that `owe` writes, for writing many at once."""
    return OutboxEmail(
        call=call,
        submission=submission,
        version=version,
        resend_of=resend_of,
        kind=kind,
        occasion=occasion,
        to_address=to_address,
        message_id=_new_message_id(),
        created_at=at,
        next_attempt_at=at,
    )


def _new_message_id() -> str:
    """Return a Message-ID (RFC 5322, 3.6.4) that every attempt of one mail carries."""
    return f"<{secrets.token_hex(16)}@{settings.PORTAL_HOST}>"


def claim_due(*, at: datetime, limit: int) -> list[OutboxEmail]:
    """Claim up to `limit` due mails for this worker and return them with what they are about.

    Rows that another worker is claiming are passed over (SKIP LOCKED). The claim is committed
    on return, so a worker that dies leaves a claimed row for `release_stuck` to find. No more
    are claimed than MAIL_PER_MINUTE leaves (0: no limit), whichever worker claimed the others.
    """
    with transaction.atomic():
        mails = list(
            OutboxEmail.objects.due_at(at)
            .select_related("call", "submission", "version__submission")
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .order_by("next_attempt_at", "pk")[: _within_the_rate(limit, at)]
        )
        for mail in mails:
            mail.state = OutboxState.CLAIMED
            mail.claimed_at = at
            mail.attempts += 1
        OutboxEmail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
            state=OutboxState.CLAIMED, claimed_at=at, attempts=F("attempts") + 1
        )
    return mails


def _within_the_rate(limit: int, at: datetime) -> int:
    if not settings.MAIL_PER_MINUTE:
        return limit
    # Two workers that counted side by side would both take what is left.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING_LOCK])
    claimed = OutboxEmail.objects.filter(claimed_at__gt=at - timedelta(minutes=1)).count()
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


def mark_sent(mail: OutboxEmail, *, at: datetime, subject: str, body: str, body_html: str) -> bool:
    """Record that the mail server took the mail, and its text; False if the claim was lost."""
    return _finish(
        mail,
        state=OutboxState.SENT,
        sent_at=at,
        last_error="",
        subject=subject,
        body=body,
        body_html=body_html,
    )


def mark_delayed(mail: OutboxEmail, *, at: datetime, error: str) -> bool:
    """Give the mail back for a later attempt, or give up once GIVE_UP_AFTER has passed.

    `error` is a sentence for staff. The waits double from a minute to six hours.
    """
    wait = wait_before_attempt(mail.attempts + 1)
    if at + wait > mail.created_at + GIVE_UP_AFTER:
        return mark_failed(mail, error=f"{error} Given up after {GIVE_UP_AFTER.days} days.")
    return _finish(mail, state=OutboxState.WAITING, next_attempt_at=at + wait, last_error=error)


def take_back(mail: OutboxEmail) -> bool:
    """Owe the mail no longer: what it says has ceased to be so. False if the claim was lost."""
    deleted, _ = OutboxEmail.objects.filter(
        pk=mail.pk, state=OutboxState.CLAIMED, claimed_at=mail.claimed_at
    ).delete()
    return bool(deleted)


def mark_failed(mail: OutboxEmail, *, error: str) -> bool:
    """Stop trying; `error` is a sentence for staff."""
    return _finish(mail, state=OutboxState.FAILED, last_error=error)


def give_back(mails: Sequence[OutboxEmail], *, error: str = "") -> int:
    """Give back mails that were claimed and not tried, due as before; return how many.

    The attempt is not counted: a mail server that is away refused none of them.
    """
    return sum(
        _finish(
            mail,
            state=OutboxState.WAITING,
            claimed_at=None,
            attempts=F("attempts") - 1,
            last_error=error or mail.last_error,
        )
        for mail in mails
    )


def _finish(mail: OutboxEmail, **changes: object) -> bool:
    mine = OutboxEmail.objects.filter(
        pk=mail.pk, state=OutboxState.CLAIMED, claimed_at=mail.claimed_at
    )
    return bool(mine.update(**changes))


def wait_before_attempt(number: int) -> timedelta:
    """Return how long to wait before attempt `number` (2, 3, ...): 1, 2, 4, ... minutes.

    A fifth more or less by chance, so that mails refused together do not come back together.
    """
    doubled = FIRST_WAIT * 2 ** min(number - 2, 20)
    return min(doubled, LONGEST_WAIT) * _random.uniform(0.8, 1.2)


def release_stuck(*, at: datetime) -> int:
    """Give back the mails whose worker claimed them and never came back; return how many.

    The first two times they are due at once; a mail that outlived more workers than that may
    be what ends them, so it waits as if it had been refused.
    """
    released = 0
    for mail in OutboxEmail.objects.stuck_since(at - CLAIM_LASTS):
        error = "The worker stopped while it was sending this mail."
        if mail.attempts > 2:
            released += mark_delayed(mail, at=at, error=error)
        else:
            released += _finish(
                mail, state=OutboxState.WAITING, next_attempt_at=at, last_error=error
            )
    return released
