"""Sending a mail again, as it was or to an address put right by staff."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from submissions.mail.errors import ResendRefused
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.models import ReturnAddress, Submission

FINISHED = frozenset({OutboxState.SENT, OutboxState.FAILED})


def send_again(mail: OutboxEmail, *, by: User, at: datetime) -> OutboxEmail:
    """Enqueue a copy of the mail to the same address; the first one stays on record as it was.

    Raises ResendRefused while the mail or such a copy is on its way, and once its address was
    deleted.
    """
    if not mail.to_address:
        raise ResendRefused("The address was deleted when its time was over")
    with transaction.atomic():
        _refuse_unfinished(mail, mail.to_address)
        again = _enqueue_copy(mail, mail.to_address, at)
        _record(AuditAction.MAIL_RESENT, mail, again, by, at)
    return again


def correct_address(mail: OutboxEmail, *, address: str, by: User, at: datetime) -> OutboxEmail:
    """Enqueue a copy of the mail to `address`; later mails about the response go there too.

    What the respondent answered stays as it was: evidence is not put right by others. Raises
    ResendRefused for an address that no mail can be sent to or that the mail had already, and
    while the mail or such a copy is on its way.
    """
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise ResendRefused("Enter an address that mail can be sent to") from None
    if address == mail.to_address:
        raise ResendRefused("Enter an address that differs from the one that the mail went to")
    with transaction.atomic():
        _refuse_unfinished(mail, address)
        if mail.submission_id is not None:
            # Whoever refused reminders goes on refusing them.
            ReturnAddress.objects.update_or_create(
                submission_id=mail.submission_id,
                defaults={"address": address, "given_at": at},
            )
        again = _enqueue_copy(mail, address, at)
        _record(AuditAction.ADDRESS_CORRECTED, mail, again, by, at)
    return again


def _refuse_unfinished(mail: OutboxEmail, address: str) -> None:
    """Lock the mail, so that of two who send it again at once only one does.

    The response first, as the purge locks them.
    """
    if mail.submission_id is not None:
        Submission.objects.select_for_update(no_key=True).get(pk=mail.submission_id)
    locked = OutboxEmail.objects.select_for_update(no_key=True).get(pk=mail.pk)
    copies = locked.resends.filter(to_address=address).exclude(state__in=FINISHED)
    if locked.state not in FINISHED or copies.exists():
        raise ResendRefused("This mail is still on its way: it is not sent twice")


def _enqueue_copy(mail: OutboxEmail, address: str, at: datetime) -> OutboxEmail:
    return enqueue(
        kind=MailKind(mail.kind),
        call=mail.call,
        submission=mail.submission,
        version=mail.version,
        resend_of=mail,
        occasion=mail.occasion,
        to_address=address,
        at=at,
    )


def _record(
    action: AuditAction, mail: OutboxEmail, again: OutboxEmail, by: User, at: datetime
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        call=mail.call,
        submission=mail.submission,
        mail=mail.pk,
        again=again.pk,
    )
