"""Inviting colleagues to a response that its author began, and letting them in.

    invited -> joined (by the link in the mail, once) -> ended
            -> ended

The author invites, sends another link, takes an access back, and allows somebody to submit. With
the submission, the withdrawal, or the discarding of changes every access ends: a response that is
opened again is the author's alone until they invite again.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.record import record
from accounts.states import AuditAction
from core.addresses import comparable
from core.canonical import digest
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import AddressSource, MailKind
from submissions.responses.addresses import given_for_links, typed_addresses
from submissions.responses.colleagues import (
    detail_of,
    end_access,
    forget_invitations,
    invited_by,
    record_ended,
)
from submissions.responses.deadlines import applicable_deadline
from submissions.responses.errors import AccessEnded, CallNotOpen, LinkDead, SharingRefused
from submissions.responses.models import Colleague, ReturnToken, Submission
from submissions.responses.signposting import question_of_help
from submissions.responses.states import AccessEnd
from submissions.responses.working_copy import lock_call, lock_working_copy, working_answers

MOST_AT_ONCE = 10  # invited or in it
INVITATIONS_AN_HOUR = 10  # mails about one response
EVER = 200  # numbers that one response gives


def invite(*, submission: Submission, address: str, at: datetime) -> Colleague:
    """Invite somebody by a checked address, and enqueue the mail with their link.

    Raises SharingRefused, CallClosed or CallNotYetOpen, AlreadySubmitted; AccessEnded for anybody
    but the author.
    """
    with transaction.atomic():
        locked = _lock_for_author(submission)
        _refuse_unless_open(locked, at)
        _refuse_own(locked, address)
        present = Colleague.objects.present().filter(submission=locked)
        if (known := present.filter(address__iexact=address).first()) is not None:
            raise SharingRefused(
                _("This person is in your response already")
                if known.is_in
                else _("You have invited this person already. You can send the link again below")
            )
        if present.count() >= MOST_AT_ONCE:
            raise SharingRefused(
                _("Your response has %(most)s people already. Take one back first")
                % {"most": MOST_AT_ONCE}
            )
        last = Colleague.objects.filter(submission=locked).aggregate(n=Max("number"))["n"] or 0
        if last >= EVER:
            raise SharingRefused(_("You have invited people very often. Write to us for help"))
        colleague = Colleague.objects.create(
            submission=locked, number=last + 1, address=address, invited_at=at, link_sent_at=at
        )
        _send_link(locked, colleague, at)
        _record(AuditAction.COLLEAGUE_INVITED, locked, colleague, at)
    return colleague


def send_again(*, submission: Submission, number: int, at: datetime) -> Colleague:
    """Send somebody who is invited or in it a fresh link. Raises what `invite` raises."""
    with transaction.atomic():
        locked = _lock_for_author(submission)
        _refuse_unless_open(locked, at)
        colleague = _present(locked, number)
        _send_link(locked, colleague, at)
        _record(AuditAction.COLLEAGUE_INVITED, locked, colleague, at)
    return colleague


def take_away(*, submission: Submission, number: int, at: datetime) -> bool:
    """End the access of somebody, or their invitation; False if that has happened already.

    For the author; a colleague ends their own alone. Raises AlreadySubmitted, AccessEnded.
    """
    with transaction.atomic():
        locked = lock_working_copy(submission)
        by = submission.opened_by
        if by is not None and by.number != number:
            raise AccessEnded
        why = AccessEnd.AUTHOR if by is None else AccessEnd.LEFT
        those = Colleague.objects.filter(submission=locked, number=number)
        if not end_access(those, why, at=at):
            return False
        locked.save_locked()
        forget_invitations(OutboxEmail.objects.filter(submission=locked))
        record_ended(locked, number, why, at=at)
    return True


def allow_to_submit(*, submission: Submission, number: int, allowed: bool, at: datetime) -> None:
    """Say whether somebody who is invited or in it may submit. Asking twice changes nothing.

    Raises AlreadySubmitted, and AccessEnded for anybody but the author or of nobody in it.
    """
    with transaction.atomic():
        locked = _lock_for_author(submission)
        colleague = _present(locked, number)
        if colleague.may_submit == allowed:
            return
        colleague.may_submit = allowed
        colleague.save(update_fields=["may_submit"])
        _record(AuditAction.COLLEAGUE_ALLOWED, locked, colleague, at, allowed=allowed)


def look_up_invitation(*, call: Call, token: str, at: datetime) -> Colleague:
    """Return whom the link lets in, and leave the link as it is.

    Raises LinkDead for one that is unknown, used or expired, AccessEnded for one whose invitation
    was taken back or whose response is over, CallClosed or CallNotYetOpen.
    """
    return _live(call, token, at)


def join(*, call: Call, token: str, name: str, at: datetime) -> Colleague:
    """Let somebody in with their link, which works once, under the name that they give.

    Of two who use one link at once, one gets in: the response is locked before it is looked at
    again. Raises what `look_up_invitation` raises, and SharingRefused for somebody else's name.
    """
    with transaction.atomic():
        pk = _live(call, token, at).submission_id
        locked = Submission.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if locked is None:
            raise LinkDead
        colleague = _live(call, token, at)
        others = Colleague.objects.present().filter(submission=locked).exclude(pk=colleague.pk)
        if others.filter(name__iexact=name).exists():
            raise SharingRefused(
                _("Somebody in this response has this name. Add a letter or a second name")
            )
        ReturnToken.objects.filter(
            mail__submission=locked,
            mail__kind=MailKind.COLLEAGUE_INVITED,
            mail__occasion__startswith=f"{colleague.number}.",
            used_at=None,
        ).update(used_at=at)
        is_new = colleague.joined_at is None
        colleague.name, colleague.joined_at = name, colleague.joined_at or at
        colleague.save(update_fields=["name", "joined_at"])
        colleague.submission = locked
        if is_new:
            _record(AuditAction.COLLEAGUE_JOINED, locked, colleague, at)
    return colleague


def people_in(submission: Submission) -> list[Colleague]:
    """Return who is invited or in it, in the order in which they were invited."""
    return list(Colleague.objects.present().filter(submission=submission).order_by("number"))


def _live(call: Call, token: str, at: datetime) -> Colleague:
    links = ReturnToken.objects.select_related("mail__submission__call").filter(
        token_sha256=digest(token),
        mail__kind=MailKind.COLLEAGUE_INVITED,
        mail__address_given_by=AddressSource.COLLEAGUE,
        mail__call=call,
    )
    link = links.first()
    if link is None or link.mail.submission is None:
        raise LinkDead
    colleague = invited_by(link.mail).first()
    if colleague is None or colleague.ended_at is not None:
        raise AccessEnded
    if link.used_at is not None or at >= link.expires_at:
        raise LinkDead
    applicable_deadline(call, link.mail.submission, at=at)
    colleague.submission = link.mail.submission
    return colleague


def _lock_for_author(submission: Submission) -> Submission:
    if submission.opened_by is not None:
        raise AccessEnded
    return lock_working_copy(submission)


def _refuse_unless_open(locked: Submission, at: datetime) -> None:
    if question_of_help(locked.call, working_answers(locked, locked.call)) is not None:
        raise SharingRefused(_("One of your answers leads to a page of help: this is not shared"))
    try:
        applicable_deadline(lock_call(locked.call_id), locked, at=at)
    except CallNotOpen:
        raise SharingRefused(_("This call is closed: nobody else can be invited now")) from None


def _refuse_own(locked: Submission, address: str) -> None:
    own = typed_addresses(locked.call, working_answers(locked, locked.call))
    if comparable(address) in {comparable(one) for one in (*own, given_for_links(locked))}:
        raise SharingRefused(
            _(
                "This is your own address. To go on with your response on another device, choose "
                "“Save and come back later”"
            )
        )


def _present(locked: Submission, number: int) -> Colleague:
    found = Colleague.objects.present().filter(submission=locked, number=number).first()
    if found is None:
        raise AccessEnded
    return found


def _send_link(locked: Submission, colleague: Colleague, at: datetime) -> None:
    recent = OutboxEmail.objects.filter(
        submission=locked,
        kind=MailKind.COLLEAGUE_INVITED,
        created_at__gt=at - timedelta(hours=1),
    )
    if recent.count() >= INVITATIONS_AN_HOUR:
        raise SharingRefused(_("Many invitations have been sent. Try again in an hour"))
    colleague.links_sent += 1
    colleague.link_sent_at = at
    colleague.save(update_fields=["links_sent", "link_sent_at"])
    enqueue(
        kind=MailKind.COLLEAGUE_INVITED,
        call=locked.call,
        submission=locked,
        to_address=colleague.address,
        address_given_by=AddressSource.COLLEAGUE,
        occasion=f"{colleague.number}.{colleague.links_sent}",
        at=at,
    )


def _record(
    action: AuditAction, locked: Submission, colleague: Colleague, at: datetime, **detail: bool
) -> None:
    record(
        by=None,
        at=at,
        action=action,
        call=locked.call,
        submission=locked,
        **detail_of(colleague),
        **detail,
    )
