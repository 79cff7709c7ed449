"""The outbox: mails are written with what calls for them, claimed by a worker, and finished.

    waiting -> claimed -> sent
                       -> waiting (a later attempt)
                       -> failed (given up; staff are shown why)

When a mail was written and when it went out is by the portal's clock (`at`). Claims, pauses and
giving up are by real time (`wall_now`): a rehearsal's clock that is moved must neither send a mail
twice nor delay one.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict, Unpack

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Model, Q, Value
from django.db.models.functions import Coalesce

from core.backoff import more_or_less, pause_after
from core.claims import claim, claimed_row, claimed_until
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import FINISHED, LISTING, AddressSource, MailKind, OutboxState

GIVE_UP_AFTER = timedelta(days=3)
# Longer than a sending task may run before it is killed, so no mail has two senders.
CLAIM_LASTS = timedelta(seconds=90)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=2)
# For staff, in the text that is kept of a mail.
ANSWERS_LEFT_OUT = "[The mail had the answers here. They are kept once, with the response.]"
NAME_LEFT_OUT = "[left out of this copy]"
CLAIMING_LOCK = 5_283_301  # any number that no other advisory lock of this database has


class MailFields(TypedDict, total=False):
    """What a mail is about; `at` is when it was written, by the portal's clock.

    `address_given_by` is the author of the response unless it is said.
    """

    kind: Required[MailKind]
    call: Required[Call]
    to_address: Required[str]
    address_given_by: AddressSource
    at: Required[datetime]
    submission: Model | None
    version: Model | None
    occasion: str
    resend_of: OutboxEmail | None


def enqueue(**about: Unpack[MailFields]) -> OutboxEmail:
    """Write the row of a mail, due at once; call it in the transaction that calls for the mail."""
    mail = build(**about)
    mail.save(force_insert=True)
    return mail


def build(**about: Unpack[MailFields]) -> OutboxEmail:
    """Return the row that `enqueue` writes, for writing many at once."""
    fields: dict[str, Any] = dict(about)
    return OutboxEmail(message_id=_new_message_id(), created_at=fields.pop("at"), **fields)


def _new_message_id() -> str:
    """Return a Message-ID (RFC 5322, 3.6.4) that every attempt of one mail carries."""
    return f"<{secrets.token_hex(16)}@{settings.PORTAL_HOST}>"


def claim_due(*, wall_now: datetime, limit: int) -> list[OutboxEmail]:
    """Claim up to `limit` due mails for this worker and return them with what they are about.

    The claim is committed on return, so a worker that dies leaves claimed rows for
    `release_stuck` to find. No more are claimed than MAIL_PER_MINUTE leaves (0: no limit),
    whichever worker claimed the others.
    """
    with transaction.atomic():
        due = (
            OutboxEmail.objects.due_at(wall_now)
            .select_related("call", "submission", "version")
            .prefetch_related("companions__submission")
            .order_by(F("next_attempt_at").asc(nulls_first=True), "pk")
        )
        return claim(due, limit=_within_the_rate(limit, wall_now), wall_now=wall_now)


def _within_the_rate(limit: int, wall_now: datetime) -> int:
    if not settings.MAIL_PER_MINUTE:
        return limit
    # Two workers that counted side by side would both take what is left.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING_LOCK])
    claimed = OutboxEmail.objects.filter(claimed_at__gt=wall_now - timedelta(minutes=1)).count()
    return max(0, min(limit, settings.MAIL_PER_MINUTE - claimed))


def mark_sent(mail: OutboxEmail, *, at: datetime, subject: str, body: str) -> bool:
    """Record that the mail server took the mail, and its words as they are kept.

    False if the claim was lost.
    """
    return _finish(
        mail, state=OutboxState.SENT, sent_at=at, subject=subject, body=body, last_error=""
    )


def defer(
    mail: OutboxEmail, *, wall_now: datetime, error: str, pause: timedelta | None = None
) -> bool:
    """Leave the mail to a later attempt, or give it up GIVE_UP_AFTER the first failed one.

    `error` is a sentence for staff. The pauses grow from a minute to two hours. False if the
    claim was lost.
    """
    since = mail.deferred_since or wall_now
    if pause is None:
        pause = pause_after(wall_now - since, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    due = wall_now + pause
    if due > since + GIVE_UP_AFTER:
        return mark_failed(mail, error=_given_up(error))
    return _finish(
        mail,
        state=OutboxState.WAITING,
        next_attempt_at=due,
        deferred_since=since,
        last_error=error,
    )


def hold_back(mail: OutboxEmail, *, until: datetime, reason: str) -> bool:
    """Put a mail off that nobody refused, to `until` (real time); the attempt is not counted.

    Nor is the time that it waited until now: an outage of the mail server may be long over.
    `reason` is a sentence for staff. False if the claim was lost.
    """
    return _finish(
        mail,
        state=OutboxState.WAITING,
        claimed_at=None,
        next_attempt_at=until,
        deferred_since=None,
        attempts=F("attempts") - 1,
        last_error=reason,
    )


def hold_back_unclaimed(*, version: Model, until: datetime, reason: str) -> int:
    """Put off to `until` (real time) what is said about a version and nobody sends yet."""
    waiting = OutboxEmail.objects.filter(version=version.pk, state=OutboxState.WAITING)
    return waiting.update(next_attempt_at=until, last_error=reason)


def _given_up(error: str) -> str:
    return f"{error} Given up after {GIVE_UP_AFTER.days} days."


def defer_all(*, wall_now: datetime, error: str) -> int:
    """Note on every due mail that the mail server is away, and why; return how many it fails.

    The others stay due, and go out as soon as the server is back. A mail that has been deferred
    for GIVE_UP_AFTER is given up: staff can send it again.
    """
    due = OutboxEmail.objects.due_at(wall_now)
    due.filter(
        Q(deferred_since=None) | Q(next_attempt_at__isnull=False) | ~Q(last_error=error)
    ).update(
        deferred_since=Coalesce("deferred_since", Value(wall_now)),
        next_attempt_at=None,
        last_error=error,
    )
    given_up = due.filter(deferred_since__lte=wall_now - GIVE_UP_AFTER)
    keys = list(given_up.values_list("pk", flat=True))
    failed = OutboxEmail.objects.filter(Q(pk__in=keys) | Q(goes_with__in=keys))
    return failed.filter(state=OutboxState.WAITING).update(
        state=OutboxState.FAILED, last_error=_given_up(error)
    )


def put_together(mails: Sequence[OutboxEmail]) -> None:
    """Have the mails go out as one: the first, which lists what all of them are about."""
    first, *others = mails
    OutboxEmail.objects.filter(pk__in=[mail.pk for mail in others]).update(goes_with=first)


def cancel(mail: OutboxEmail) -> bool:
    """Delete a mail that is no longer to be sent; False if the claim was lost.

    Those that were to go out with it go out with the first of them.
    """
    with transaction.atomic():
        others = list(mail.companions.order_by("pk"))
        deleted, _ = claimed_row(mail).delete()
        if deleted and others:
            put_together(others)
    return bool(deleted)


def cancel_companions(mail: OutboxEmail, *, except_for: Sequence[OutboxEmail]) -> None:
    """Delete what was to go out with a claimed mail and has become untrue."""
    kept = [one.pk for one in except_for]
    mail.companions.filter(state=OutboxState.WAITING).exclude(pk__in=kept).delete()


def mark_failed(mail: OutboxEmail, *, error: str) -> bool:
    """Stop trying; `error` is a sentence for staff."""
    return _finish(mail, state=OutboxState.FAILED, last_error=error)


def release(mails: Sequence[OutboxEmail]) -> int:
    """Put mails back that were claimed and not tried, due as before; return how many.

    The attempt is not counted: a mail server that is away refused none of them.
    """
    return sum(
        _finish(mail, state=OutboxState.WAITING, claimed_at=None, attempts=F("attempts") - 1)
        for mail in mails
    )


def _finish(mail: OutboxEmail, **changes: object) -> bool:
    """Change the mail, and with it what goes out with it once it is sent or given up."""
    if mail.kind not in LISTING or changes.get("state") not in FINISHED:
        # One statement is a transaction by itself, and one way to the database in place of three.
        return bool(claimed_row(mail).update(**changes))
    with transaction.atomic():
        if not claimed_row(mail).update(**changes):
            return False
        # The text is kept once.
        told = {name: value for name, value in changes.items() if name != "body"}
        mail.companions.update(**told)
    return True


def release_stuck(*, wall_now: datetime) -> int:
    """Put mails back whose worker claimed them and never finished them; return how many.

    The first two times they are due at once. A mail whose worker died three times may be what
    kills them, so it waits, each time twice as long.
    """
    released = 0
    error = "The worker stopped while it was sending this mail."
    for mail in claimed_until(OutboxEmail.objects.all(), wall_now - CLAIM_LASTS):
        if mail.attempts > 2:
            doubled = FIRST_PAUSE * 2 ** min(mail.attempts - 1, 20)
            pause = more_or_less(min(doubled, LONGEST_PAUSE))
            released += defer(mail, wall_now=wall_now, error=error, pause=pause)
        else:
            released += _finish(
                mail, state=OutboxState.WAITING, next_attempt_at=wall_now, last_error=error
            )
    return released
