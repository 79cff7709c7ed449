"""Which addresses somebody has confirmed, by using a link that was sent there.

A link of a receipt does that alone: a receipt is kept and passed on, so nothing in it opens the
response. Any other link opens the response, too (`returning`).

Until then an address may be a stranger's: a mail to it carries nothing that a respondent typed.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.canonical import digest
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import ANSWERS_LEFT_OUT, enqueue
from submissions.outbox.states import RECEIPTS, AddressSource, MailKind, OutboxState
from submissions.responses.errors import LinkDead
from submissions.responses.models import ReturnAddress, ReturnToken, Submission
from submissions.responses.returning import note_used


def confirmed_among(mails: Iterable[OutboxEmail]) -> set[int]:
    """Return the keys of the mails to whose address a used link to their response had gone."""
    kept = ReturnAddress.objects.of_authors().filter(
        submission=OuterRef("submission"),
        address__iexact=OuterRef("to_address"),
        confirmed_at__isnull=False,
    )
    links = ReturnToken.objects.filter(
        mail__submission=OuterRef("submission"),
        mail__to_address__iexact=OuterRef("to_address"),
        used_at__isnull=False,
    )
    asked = OutboxEmail.objects.filter(pk__in=[mail.pk for mail in mails])
    # A link that was used stays without its digest, as long as its mail.
    confirmed = asked.filter(Exists(kept) | Exists(links)).order_by()
    return set(confirmed.values_list("pk", flat=True))


def is_confirmed_address(submission: Submission, address: str) -> bool:
    """Return whether a used link to the response had gone to the address."""
    kept = ReturnAddress.objects.of_authors().filter(
        submission=submission, address__iexact=address, confirmed_at__isnull=False
    )
    return bool(address) and (kept.exists() or _used_links(submission.pk, address).exists())


def look_up_confirmation(*, call: Call, token: str, at: datetime) -> ReturnToken:
    """Return the link that confirms the address of a receipt, used or not. Raises LinkDead."""
    links = ReturnToken.objects.select_related("mail__submission").filter(
        opens_response=False,
        token_sha256=digest(token),
        mail__call=call,
        mail__address_given_by=AddressSource.AUTHOR,
    )
    link = links.first()
    if link is None or at >= link.expires_at:
        raise LinkDead
    return link


def confirm_address(*, call: Call, token: str, at: datetime) -> ReturnToken:
    """Confirm the address with the link of a receipt, and enqueue the copy of the answers.

    A second time changes nothing. It opens no response. Raises LinkDead.
    """
    with transaction.atomic():
        pk = look_up_confirmation(call=call, token=token, at=at).pk
        links = ReturnToken.objects.select_related("mail__submission")
        link = links.select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
        if link is None:
            raise LinkDead
        if link.used_at is None:
            note_used(link, at=at)
    submission = link.mail.submission
    if submission is not None:
        enqueue_copy(submission=submission, token=token, at=at)
    return link


def enqueue_copy(*, submission: Submission, token: str, at: datetime) -> bool:
    """Enqueue the receipt again, now with the answers, to where the used link had gone.

    Once an address: not if a receipt with the answers went there or is on its way.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).filter(pk=submission.pk).first()
        links = ReturnToken.objects.select_related("mail").filter(token_sha256=digest(token))
        if locked is None or (link := links.first()) is None:
            return False  # deleted or erased since it was used
        address = link.mail.to_address
        first = _used_links(locked.pk, address).order_by("used_at").first()
        receipt = OutboxEmail.objects.filter(
            version=locked.current_version_id,
            kind__in=RECEIPTS,
            to_address__iexact=address,
            resend_of=None,
            state__in=[OutboxState.SENT, OutboxState.CLAIMED],
        ).first()
        if first is None or receipt is None or locked.withdrawn_at is not None:
            return False
        # A worker that claimed a receipt before the link was used may send it without answers.
        has_answers = (
            Q(state=OutboxState.SENT, body__contains=ANSWERS_LEFT_OUT)
            | Q(state=OutboxState.WAITING)
            | Q(created_at__gte=first.used_at)
        )
        of_receipt = Q(pk=receipt.pk) | Q(resend_of=receipt.pk, to_address__iexact=address)
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
