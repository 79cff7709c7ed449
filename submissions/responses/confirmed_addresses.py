"""Which addresses somebody has confirmed, by opening a response with a link that was sent there.

Until then an address may be a stranger's: a mail to it carries nothing that a respondent typed.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from core.canonical import digest
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.models import ReturnAddress, ReturnToken, Submission

RECEIPTS = (MailKind.CONFIRMATION, MailKind.AMENDED)


def is_confirmed(mail: OutboxEmail) -> bool:
    """Return whether a link to the mail's response was used that had gone to its address."""
    kept = ReturnAddress.objects.of_authors().filter(
        submission=mail.submission_id,
        address__iexact=mail.to_address,
        confirmed_at__isnull=False,
    )
    # What is left of a link is deleted some days after it expired.
    return kept.exists() or _used_links(mail.submission_id, mail.to_address).exists()


def enqueue_copy(*, submission: Submission, token: str, at: datetime) -> bool:
    """Enqueue the receipt again, now with the answers, to where the used link had gone.

    Once an address: not if the receipt went out after the address was confirmed.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        link = ReturnToken.objects.select_related("mail").get(token_sha256=digest(token))
        address = link.mail.to_address
        first = _used_links(locked.pk, address).order_by("used_at").first()
        receipt = OutboxEmail.objects.filter(
            version=locked.current_version_id,
            kind__in=RECEIPTS,
            to_address=address,
            resend_of=None,
            state=OutboxState.SENT,
        ).first()
        if first is None or receipt is None or locked.withdrawn_at is not None:
            return False
        has_answers = Q(sent_at__gte=first.used_at) | Q(created_at__gte=first.used_at)
        of_receipt = Q(pk=receipt.pk) | Q(resend_of=receipt.pk, to_address=address)
        if OutboxEmail.objects.filter(of_receipt, has_answers).exists():
            return False
        enqueue(
            kind=MailKind(receipt.kind),
            call=receipt.call,
            submission=locked,
            version=receipt.version,
            resend_of=receipt,
            occasion=receipt.occasion,
            to_address=address,
            at=at,
        )
    return True


def _used_links(submission: int | None, address: str) -> QuerySet[ReturnToken]:
    return ReturnToken.objects.filter(
        mail__submission=submission, mail__to_address__iexact=address, used_at__isnull=False
    )
