"""Late passes: permission for one response, or one address, to submit once after closing.

A pass for a response opens nothing: whoever holds that response can submit it once more. A pass for
an address starts a response, or goes to the one that is open in the browser; it never opens one for
somebody who does not hold it already.

The token of a pass for an address has 256 bits, made of the portal's secret and the random
Message-ID of the mail that carries it. Only its SHA-256 is stored.
"""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.states import AuditAction
from core.addresses import AddressRefused, clean_address, same_or_cleaned
from core.canonical import digest
from core.second_press import near
from core.spoken_time import say_moment
from core.time_limits import YEARS_AHEAD, latest_moment
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import AddressSource, MailKind
from submissions.responses.addresses import present_address
from submissions.responses.drafting import begin
from submissions.responses.errors import LatePassRefused, LinkDead, ResponseGone
from submissions.responses.models import LatePass, Submission
from submissions.responses.states import SubmissionState
from submissions.responses.working_copy import lock_call, lock_row

TOKEN_BYTES = 32


def give(
    *,
    call: Call,
    reason: str,
    expires_at: datetime,
    by: User,
    at: datetime,
    address: str = "",
    submission: Submission | None = None,
) -> LatePass:
    """Give a pass either to an address or to `submission`, and enqueue the mail about it.

    The mail about a response goes to the address that its author gave, if there is one, and has
    no link that opens it. A second press, or a colleague's at the same moment, gives the same pass.
    Raises LatePassRefused, with a sentence for staff, for

    - both or neither of the two, or a missing reason;
    - an address that no mail can be sent to;
    - an expiry (aware) that is not after both now and the closing time, or over five years away;
    - a pass that was given before and can still be used;
    - a response of another call, or one that was withdrawn, erased or deleted meanwhile;
    - a closing time that was changed since `call` was read.
    """
    address = same_or_cleaned(address)
    to, given_by = address, AddressSource.STAFF
    with transaction.atomic():
        if submission is not None:
            # Locked before its address is read, so that nobody erases that meanwhile.
            try:
                submission = lock_row(submission)
            except ResponseGone:
                raise LatePassRefused("Its author deleted the response meanwhile") from None
            to, given_by = present_address(submission, call), AddressSource.AUTHOR
        # Locked, so that two who give the same pass at once give one.
        locked = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        _refuse_another_closing_time(locked, call)
        _refuse(call, address, reason, expires_at, at, submission)
        whose = Q(address__iexact=address) if address else Q(submission=submission)
        unused = LatePass.objects.filter(
            whose, call=call, expires_at__gt=at, used_at=None, revoked_at=None
        )
        same = unused.filter(near("given_at", at), expires_at=expires_at).first()
        if same is not None:
            return same
        _refuse_another(unused.select_related("given_by").first(), call)
        late_pass = LatePass.objects.create(
            call=call,
            submission=submission,
            address=address,
            reason=" ".join(reason.split()),
            given_by=by,
            given_at=at,
            expires_at=expires_at,
        )
        if to:
            enqueue(
                kind=MailKind.LATE_PASS,
                call=call,
                submission=submission,
                occasion=occasion_of(late_pass),
                to_address=to,
                address_given_by=given_by,
                at=at,
            )
        record(
            by=by,
            at=at,
            action=AuditAction.LATE_PASS_GIVEN,
            call=call,
            submission=submission,
            late_pass=late_pass.pk,
            reason=late_pass.reason,
            expires_at=expires_at.isoformat(),
        )
    return late_pass


def _refuse_another_closing_time(locked: Call, seen: Call) -> None:
    if locked.closes_at != seen.closes_at:
        raise LatePassRefused(
            f"Somebody else changed the closing time meanwhile: it is {locked.closes_in_words}"
        )


def _refuse_another(earlier: LatePass | None, call: Call) -> None:
    """Two would let their person submit twice after closing."""
    if earlier is not None:
        raise LatePassRefused(
            f"{earlier.given_by.get_username()} has given this pass already: it works until just "
            f"before {say_moment(earlier.expires_at, call.timezone)}. Take that one back "
            "first if you want to give another"
        )


def _refuse(
    call: Call,
    address: str,
    reason: str,
    expires_at: datetime,
    at: datetime,
    submission: Submission | None,
) -> None:
    if bool(address) == (submission is not None):
        raise LatePassRefused(
            "Enter either a reference or an address: a response’s author gave its address"
        )
    if submission is None:
        try:
            clean_address(address)
        except AddressRefused as refused:
            raise LatePassRefused(str(refused.message)) from None
    if not reason.strip():
        raise LatePassRefused("Enter the reason for the late pass")
    if expires_at <= max(at, call.closes_at):
        raise LatePassRefused("Enter an end that is still to come and after the closing time")
    if expires_at > latest_moment(at):
        raise LatePassRefused(f"Enter an end within {YEARS_AHEAD} years from now")
    if submission is not None and submission.call_id != call.pk:
        raise LatePassRefused("This response belongs to another call")
    if submission is not None and submission.state == SubmissionState.WITHDRAWN:
        raise LatePassRefused("This response was withdrawn")
    if submission is not None and submission.is_erased:
        raise LatePassRefused("This response was erased")


def occasion_of(late_pass: LatePass) -> str:
    return f"pass-{late_pass.pk}"


def pass_of(mail: OutboxEmail) -> LatePass:
    """Return the pass that a mail of kind LATE_PASS carries."""
    return LatePass.objects.get(pk=int(mail.occasion.removeprefix("pass-")))


def is_pass_there(mail: OutboxEmail) -> bool:
    """Return whether the pass of a mail can be used, as far as time allows: asked before sending.

    It may be used or revoked since, or its response withdrawn.
    """
    number = mail.occasion.removeprefix("pass-")
    passes = LatePass.objects.filter(used_at=None, revoked_at=None).exclude(
        submission__state__in=[SubmissionState.WITHDRAWN, SubmissionState.ERASED]
    )
    return number.isdecimal() and passes.filter(pk=number).exists()


def revoke(late_pass: LatePass, *, by: User, at: datetime) -> None:
    """Revoke a pass. Raises LatePassRefused for one that was used, or revoked by somebody else."""
    with transaction.atomic():
        locked = LatePass.objects.select_for_update().get(pk=late_pass.pk)
        if locked.used_at is not None:
            raise LatePassRefused("This pass has been used: the response was received")
        if locked.revoked_at is not None:
            raise LatePassRefused(say_revoked(locked))
        locked.revoked_at = at
        locked.save(update_fields=["revoked_at"])
        record(
            by=by,
            at=at,
            action=AuditAction.LATE_PASS_REVOKED,
            call=locked.call,
            submission=locked.submission,
            late_pass=locked.pk,
        )


def say_revoked(late_pass: LatePass) -> str:
    """Say who revoked the pass, in a sentence for whoever wants to do it, too."""
    event = (
        AuditEvent.objects.filter(
            action=AuditAction.LATE_PASS_REVOKED, detail__late_pass=late_pass.pk
        )
        .select_related("actor")
        .first()
    )
    who = event.actor.get_username() if event and event.actor else "somebody else"
    return f"This pass was already cancelled, by {who}. Nothing changed."


def make_link(late_pass: LatePass, *, mail: OutboxEmail | None = None) -> str:
    """Return a token for a pass for an address; from now on a token of another mail is dead.

    A mail that has to be written twice carries the same token each time, made of the portal's
    secret and the random Message-ID: a mail program may show either copy and hide the other.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if mail is not None:
        token = salted_hmac(
            "submissions.late_pass", mail.message_id, algorithm="sha256"
        ).hexdigest()
    LatePass.objects.filter(pk=late_pass.pk).update(token_sha256=digest(token))
    return token


def look_up(*, call: Call, token: str, at: datetime, lock: bool = False) -> LatePass:
    """Return the live pass of the token, without using it. Raises LinkDead."""
    passes = LatePass.objects.select_for_update() if lock else LatePass.objects.all()
    found = passes.live_at(at).filter(call=call, token_sha256=digest(token)).first()
    if found is None:
        raise LinkDead
    return found


def take_up(*, call: Call, token: str, current: Submission | None, at: datetime) -> Submission:
    """Bind the pass to a response and return that; submitting it uses the pass.

    It goes to `current`, the response of this browser, if that has a working copy; else a draft
    begins. Taking it up again in the browser that holds that response returns it. In another
    browser the pass goes to another response while nothing is answered in the first, whose page
    may never have arrived. Raises LinkDead once something is, and for a dead pass.
    """
    with transaction.atomic():
        # The response before the pass, as its submission and its erasure lock them.
        locked = _lock_if_there(current)
        # Whoever ends data holds the call, and has read which passes move what ends.
        lock_call(call.pk)
        late_pass = look_up(call=call, token=token, at=at, lock=True)
        bound = late_pass.submission
        if bound is not None and bound == current:
            return bound
        if not may_go_elsewhere(late_pass):
            raise LinkDead
        if locked is None or not locked.has_working_copy:
            locked = begin(call=call, at=at)
        late_pass.submission = locked
        late_pass.save(update_fields=["submission"])
    return locked


def goes_to(late_pass: LatePass, current: Submission | None) -> bool:
    """Return whether `take_up` would take the live pass in the browser where `current` is open."""
    bound = late_pass.submission
    return bound in (None, current) or Submission.objects.untouched().filter(pk=bound.pk).exists()


def may_go_elsewhere(late_pass: LatePass) -> bool:
    """Return whether nothing is answered in the response of the locked pass, and lock that.

    False if somebody is writing in it. To wait would be a deadlock: whoever writes locks the
    response before the pass.
    """
    if late_pass.submission is None:
        return True
    bound = Submission.objects.filter(pk=late_pass.submission.pk)
    is_locked = bound.select_for_update(skip_locked=True).first() is not None
    return is_locked and bound.untouched().exists()


def _lock_if_there(current: Submission | None) -> Submission | None:
    """Lock the response and return it as it is now; None for a draft that was deleted since."""
    if current is None:
        return None
    return Submission.objects.select_for_update(no_key=True).filter(pk=current.pk).first()
