"""Mails about accounts: written as rows, sent by the worker, deleted once they are sent.

One that no server takes fails, and stays for FAILED_STAYS with the reason. A link's token is made
when its mail is sent, and stands nowhere else.
"""

import logging
import re
import smtplib
from datetime import datetime, timedelta
from email.utils import make_msgid

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q, QuerySet

from accounts.models import AccountMail, Invitation, User
from accounts.states import AccountMailKind, AccountMailState
from core.addresses import ascii_address
from core.backoff import pause_after
from core.claims import claim, claimed_row, claimed_until
from core.mail_refusals import ABOUT_SIGNING_IN, explain_refusal

logger = logging.getLogger(__name__)
GIVE_UP_AFTER = timedelta(days=1)
FAILED_STAYS = timedelta(days=7)
CLAIM_LASTS = timedelta(seconds=90)
BATCH = 20


def enqueue(
    kind: AccountMailKind, *, to: str, at: datetime, invitation: Invitation | None = None
) -> AccountMail:
    """Write the row of a mail, due at once; call it in the transaction that calls for the mail."""
    return AccountMail.objects.create(
        kind=kind, to_address=to, invitation=invitation, created_at=at
    )


def tell(user: User, kind: AccountMailKind, *, at: datetime) -> None:
    """Enqueue a notice about their account to somebody, if an address of theirs is known."""
    if user.email:
        enqueue(kind, to=user.email, at=at)


def claim_due(*, wall_now: datetime) -> list[AccountMail]:
    """Claim what is due, and what a worker claimed that has died since."""
    for stuck in claimed_until(AccountMail.objects.all(), wall_now - CLAIM_LASTS):
        release(stuck)
    due = AccountMail.objects.filter(
        Q(next_attempt_at=None) | Q(next_attempt_at__lte=wall_now), state=AccountMailState.WAITING
    ).order_by(F("next_attempt_at").asc(nulls_first=True), "pk")
    return claim(due, limit=BATCH, wall_now=wall_now)


def release(mail: AccountMail) -> None:
    """Give a claimed mail back: it is due at once."""
    claimed_row(mail).update(state=AccountMailState.WAITING)


def message(to: str, *, subject: str, body: str) -> EmailMessage:
    return EmailMessage(
        subject=subject,
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[ascii_address(to)],
        headers={
            "Auto-Submitted": "auto-generated",
            # By itself it would name the machine, or the container.
            "Message-ID": make_msgid(domain=settings.PORTAL_HOST),
        },
    )


def send(mail: AccountMail, written: EmailMessage | None, *, wall_now: datetime) -> bool:
    """Send a claimed mail and delete its row; None is a mail that nobody gets.

    It fails where the mail server refuses it for good. Where the server does not take it now, it is
    tried again for GIVE_UP_AFTER.
    """
    if written is not None:
        try:
            written.send()
        except (OSError, smtplib.SMTPException, SoftTimeLimitExceeded) as error:
            refusal = _refusal_for_good(error)
            if refusal:
                fail(mail, refusal)
                return False
            logger.warning("mail about an account is deferred: %s", type(error).__name__)
            defer(mail, wall_now=wall_now)
            return False
    claimed_row(mail).delete()
    return written is not None


def defer(mail: AccountMail, *, wall_now: datetime) -> None:
    """Try a claimed mail again later, for GIVE_UP_AFTER at most."""
    trouble = wall_now - mail.created_at
    if trouble > GIVE_UP_AFTER:
        fail(mail, "The mail server took no mail for a day, or the mail could not be written.")
        return
    pause = pause_after(trouble, first=timedelta(minutes=1), longest=timedelta(hours=1))
    claimed_row(mail).update(state=AccountMailState.WAITING, next_attempt_at=wall_now + pause)


def fail(mail: AccountMail, reason: str) -> None:
    """Give a claimed mail up. Its row stays with the reason, a sentence for administrators.

    An address that is nobody's does not stay, unless it is invited: a stranger typed it, or it is
    the old one of somebody whose address changed.
    """
    logger.error("mail %s about an account is given up", mail.pk)
    is_invited = mail.kind == AccountMailKind.INVITATION
    if not is_invited and not User.objects.filter(email__iexact=mail.to_address).exists():
        claimed_row(mail).delete()
        return
    claimed_row(mail).update(state=AccountMailState.FAILED, last_error=reason)


def failed() -> QuerySet[AccountMail]:
    return AccountMail.objects.filter(state=AccountMailState.FAILED).order_by("-pk")


def delete_failed(*, at: datetime) -> int:
    """Delete failed mails after FAILED_STAYS; return how many rows. `at` is real time."""
    return failed().filter(created_at__lte=at - FAILED_STAYS).delete()[0]


def _refusal_for_good(error: Exception) -> str:
    """Return the server's refusal of this very mail, in words; empty if another try may help.

    The first digit of a reply to RCPT TO or DATA decides (RFC 5321, 4.2.1); some numbers ask for
    another way of signing in (RFC 4954, 6).
    """
    code: int
    reply: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPDataError):
        code, reply = error.smtp_code, error.smtp_error
    else:
        return ""
    if code < 500 or code in ABOUT_SIGNING_IN:
        return ""
    said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    enhanced = re.match(r"\s*(5\.\d{1,3}\.\d{1,3})\b", said)
    return explain_refusal(code, enhanced[1] if enhanced else "")
