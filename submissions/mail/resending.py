"""Sending a mail again to the same address, or what may go to an address that staff enter."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core.addresses import AddressRefused, clean_address, comparable
from submissions.mail.errors import ResendRefused
from submissions.mail.live_data import WITH_LINK
from submissions.mail.reminding import is_over, is_still_wanted
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import FINISHED, AddressSource, MailKind
from submissions.responses.addresses import leads_back, tell_of_change
from submissions.responses.models import Submission, Version

# Each is for those that it goes to; at another address it would say nothing true.
STAYS_WHERE_IT_WENT = frozenset(
    {
        MailKind.RECEIPT_ELSEWHERE,
        MailKind.ADDRESS_CHANGED,
        MailKind.VERSION_NOTICE,
        MailKind.FILE_INFECTED,
        MailKind.QUESTION_ASKED,
        MailKind.QUESTION_ANSWERED,
        MailKind.COLLEAGUE_INVITED,
    }
)
DELETED = "This mail was deleted meanwhile, with what it was about"
OVER = (
    "What this mail offers is over: it was used, taken back or stopped meanwhile, or its time has "
    "passed"
)
NOT_SO = (
    "What this mail says is so no more: the response or its changes were submitted or discarded "
    "meanwhile, its author stopped reminders, the invitation ended, or the call opened or closed"
)
NOT_SUBMITTED = (
    "This response is not submitted. Nobody but its author can say where the link goes: on the "
    "page “Come back later”, where the response is open"
)


def send_again(mail: OutboxEmail, *, by: User, at: datetime) -> OutboxEmail:
    """Enqueue a copy of the mail to the same address; the first one stays on record as it was.

    A copy to an address that staff gave, or that the author replaced by another, has no link.
    Raises ResendRefused while the mail or a copy of it is on its way, once its address was deleted,
    and for a mail that is no longer true. A link to a response that was not submitted is refused to
    an address that gets no link.
    """
    if not mail.to_address:
        raise ResendRefused("The address was deleted when its time was over")
    kind, version = MailKind(mail.kind), mail.version
    given_by = AddressSource(mail.address_given_by)
    if given_by == AddressSource.STAFF or _is_left_behind(mail):
        kind, version = _without_link(mail)
    with transaction.atomic():
        _refuse_unfinished(mail, mail.to_address)
        again = _enqueue_copy(mail, kind, version, mail.to_address, given_by, at)
        _refuse_untrue(again, at)
        _record(AuditAction.MAIL_RESENT, mail, again, by, at)
    return again


def send_to_corrected(mail: OutboxEmail, *, address: str, by: User, at: datetime) -> OutboxEmail:
    """Enqueue for `address`, which staff enter, what of the mail may go there.

    About a response that is its receipt, without answers and without a link, or that it was
    withdrawn; the addresses that its author gave are told. Later mails go to those, as before:
    only the author changes where they go. Raises ResendRefused for an address that no mail can be
    sent to or that the mail had already, for a response that was not submitted, and while the
    mail or such a copy is on its way.
    """
    try:
        address = clean_address(address)
    except AddressRefused as refused:
        raise ResendRefused(str(refused.message)) from None
    if comparable(address) == comparable(mail.to_address):
        raise ResendRefused("Enter an address that differs from the one that the mail went to")
    kind, version = _without_link(mail)
    with transaction.atomic():
        _refuse_unfinished(mail, address)
        if mail.submission is not None:
            tell_of_change(
                MailKind.RECEIPT_ELSEWHERE, mail.submission, mail.call, except_for=address, at=at
            )
        again = _enqueue_copy(mail, kind, version, address, AddressSource.STAFF, at)
        _refuse_untrue(again, at)
        _record(AuditAction.ADDRESS_CORRECTED, mail, again, by, at)
    return again


def may_go_elsewhere(mail: OutboxEmail) -> bool:
    """Return whether something of the mail may go to an address that staff enter."""
    for_its_author = mail.kind == MailKind.LATE_PASS and mail.submission_id is not None
    return mail.kind not in STAYS_WHERE_IT_WENT and not for_its_author


def _is_left_behind(mail: OutboxEmail) -> bool:
    """Return whether the mail has a link and went to an address that no longer leads back."""
    with_link = WITH_LINK | {MailKind.QUESTION_ASKED}
    if mail.kind not in with_link or mail.submission is None:
        return False
    if mail.kind == MailKind.COLLEAGUE_INVITED:
        return False  # it is for this colleague alone, and sent only while they are invited
    return not leads_back(mail.submission, mail.call, mail.to_address)


def _without_link(mail: OutboxEmail) -> tuple[MailKind, Version | None]:
    """Return what of the mail may go to an address that its author did not give."""
    kind = MailKind(mail.kind)
    if kind in STAYS_WHERE_IT_WENT:
        raise ResendRefused("This mail is for the address that it went to")
    if mail.submission is None:
        return kind, None
    if kind == MailKind.LATE_PASS:
        raise ResendRefused("A late pass for a response is for its author, where they have it open")
    if kind in WITH_LINK:
        if mail.submission.current_version is None:
            raise ResendRefused(NOT_SUBMITTED)
        return MailKind.RECEIPT_AGAIN, mail.version or mail.submission.current_version
    return kind, mail.version


def _refuse_unfinished(mail: OutboxEmail, address: str) -> None:
    """Lock the mail, so that of two who send it again at once only one does.

    The response first, as the purge locks them.
    """
    if mail.submission_id is not None:
        locked_response = Submission.objects.select_for_update(no_key=True)
        mail.submission = locked_response.filter(pk=mail.submission_id).first()
    locked = OutboxEmail.objects.select_for_update(no_key=True).filter(pk=mail.pk).first()
    if locked is None:
        raise ResendRefused(DELETED)
    copies = locked.resends.filter(to_address=address).exclude(state__in=FINISHED)
    if locked.state not in FINISHED or copies.exists():
        raise ResendRefused("This mail is still on its way: it is not sent twice")


def _refuse_untrue(again: OutboxEmail, at: datetime) -> None:
    """Refuse a copy that no worker would send: call it in the transaction that wrote the copy."""
    if not is_still_wanted(again, at=at) or is_over(again, at=at):
        offers = again.kind in {MailKind.QUESTION_ASKED, MailKind.LATE_PASS}
        raise ResendRefused(OVER if offers else NOT_SO)


def _enqueue_copy(
    mail: OutboxEmail,
    kind: MailKind,
    version: Version | None,
    address: str,
    given_by: AddressSource,
    at: datetime,
) -> OutboxEmail:
    return enqueue(
        kind=kind,
        call=mail.call,
        submission=mail.submission,
        version=version,
        resend_of=mail,
        occasion=mail.occasion,
        to_address=address,
        address_given_by=given_by,
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
