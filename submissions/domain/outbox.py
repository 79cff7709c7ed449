"""The mails that are owed: written with what owes them, claimed, sent, given back.

    waiting -> claimed -> sent
                       -> waiting (a later attempt)
                       -> failed (given up; staff are shown why)

A claim is marked by its moment: whoever finishes a mail says which claim it finishes, so a
worker that was thought dead cannot undo what its successor did.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import transaction

from submissions.domain.auditing import record
from submissions.models import OutboxEmail, Version
from submissions.vocabulary import AuditAction, MailKind, OutboxState

GIVE_UP_AFTER = timedelta(days=3)
CLAIM_LASTS = timedelta(minutes=2)


def owe(*, kind: MailKind, version: Version, to_address: str, at: datetime) -> OutboxEmail:
    """Write the row of a mail about `version`, due at once; call inside the owing transaction."""
    submission = version.submission
    return OutboxEmail.objects.create(
        call_id=submission.call_id,
        submission=submission,
        version=version,
        kind=kind,
        to_address=to_address,
        message_id=new_message_id(),
        created_at=at,
        next_attempt_at=at,
    )


def new_message_id() -> str:
    """Return a Message-ID (RFC 5322, 3.6.4) that every attempt of one mail carries."""
    return f"<{secrets.token_hex(16)}@{settings.PORTAL_HOST}>"


def claim_due(*, at: datetime, limit: int) -> list[OutboxEmail]:
    """Claim up to `limit` due mails for this worker and return them.

    Rows that another worker is claiming are passed over (SKIP LOCKED). The claim is committed
    on return, so a worker that dies leaves a claimed row for `release_stuck` to find.
    """
    with transaction.atomic():
        mails = list(
            OutboxEmail.objects.due_at(at)
            .select_for_update(skip_locked=True, no_key=True)
            .order_by("next_attempt_at", "pk")[:limit]
        )
        for mail in mails:
            mail.state = OutboxState.CLAIMED
            mail.claimed_at = at
            mail.attempts += 1
        OutboxEmail.objects.bulk_update(mails, ["state", "claimed_at", "attempts"])
    return mails


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


def mark_delayed(mail: OutboxEmail, *, at: datetime, error: str, wait: timedelta) -> bool:
    """Give the mail back for another attempt after `wait`, or give up after GIVE_UP_AFTER."""
    if at + wait > mail.created_at + GIVE_UP_AFTER:
        return mark_failed(mail, error=f"{error} Given up after {GIVE_UP_AFTER.days} days.")
    return _finish(mail, state=OutboxState.WAITING, next_attempt_at=at + wait, last_error=error)


def mark_failed(mail: OutboxEmail, *, error: str) -> bool:
    """Stop trying; `error` is a sentence for staff."""
    return _finish(mail, state=OutboxState.FAILED, last_error=error)


def _finish(mail: OutboxEmail, **changes: object) -> bool:
    mine = OutboxEmail.objects.filter(
        pk=mail.pk, state=OutboxState.CLAIMED, claimed_at=mail.claimed_at
    )
    return bool(mine.update(**changes))


def release_stuck(*, at: datetime) -> int:
    """Give back the mails whose worker claimed them and never came back; return how many."""
    return OutboxEmail.objects.stuck_since(at - CLAIM_LASTS).update(
        state=OutboxState.WAITING,
        next_attempt_at=at,
        last_error="The worker stopped while it was sending this mail.",
    )


def send_again(mail: OutboxEmail, *, by: AbstractUser, at: datetime) -> OutboxEmail:
    """Owe a copy of the mail to the same address; the first one stays on record as it was."""
    with transaction.atomic():
        again = OutboxEmail.objects.create(
            call_id=mail.call_id,
            submission_id=mail.submission_id,
            version_id=mail.version_id,
            resend_of=mail,
            kind=mail.kind,
            to_address=mail.to_address,
            message_id=new_message_id(),
            created_at=at,
            next_attempt_at=at,
        )
        record(
            by=by,
            at=at,
            action=AuditAction.MAIL_RESENT,
            call=mail.call,
            submission=mail.submission,
            mail=mail.pk,
            again=again.pk,
        )
    return again
