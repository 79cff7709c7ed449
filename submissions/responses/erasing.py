"""Asking for a response, or who gave it, to be erased, and deciding that.

    asked -> approved -> erased (out of the database) -> done (out of files and exports, too)
          -> refused
          -> withdrawn (by its author; after the approval as well, until it is carried out)

The author asks where the response is open or with their receipt, or staff enter what the author
asked by letter or telephone. Somebody else of the staff decides. `personal_data.erasing` carries
out what is approved. A rule of retention makes requests of its own ground.
"""

from calendar import monthrange
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.addresses import comparable
from core.canonical import digest
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import AddressSource, MailKind
from submissions.responses.addresses import known_addresses, typed_addresses
from submissions.responses.errors import ErasureRefused, LinkDead
from submissions.responses.models import ErasureRequest, ReturnAddress, ReturnToken, Submission
from submissions.responses.states import ErasureGround, ErasureScope, ErasureState
from submissions.responses.tokens_of_mails import token_for
from submissions.responses.working_copy import lock_row, working_answers

CONFIRM_WITHIN_HOURS = 72


def due_after(asked_at: datetime) -> datetime:
    """Return the same day of the next month, its last day if it has no such day."""
    year, month = divmod(asked_at.year * 12 + asked_at.month, 12)
    day = min(asked_at.day, monthrange(year, month + 1)[1])
    return asked_at.replace(year=year, month=month + 1, day=day)


def ask(*, submission: Submission, scope: ErasureScope, at: datetime) -> ErasureRequest:
    """Note that the author asks for an erasure, and tell each address that they gave.

    For who has the response open, or proved to be its author by the receipt. Where an address of
    theirs is confirmed, a link that goes there has to be used first. Asking again returns the
    request that is open. Raises ErasureRefused if there is nothing to erase any more, ResponseGone.
    """
    with transaction.atomic():
        locked = _lock(submission)
        if (open_one := open_request(locked)) is not None:
            if not is_unconfirmed(open_one, at):
                return open_one
            _end(open_one, ErasureState.WITHDRAWN, by=None, at=at)
        confirmed = _confirmed_address(locked)
        request = ErasureRequest(
            call=locked.call,
            submission=locked,
            scope=scope,
            asked_at=at,
            due_at=due_after(at),
            confirmed_at=None if confirmed else at,
        )
        mails = enqueue_mails(MailKind.ERASURE_ASKED, request, at=at)
        if confirmed:
            mail = next(m for m in mails if comparable(m.to_address) == comparable(confirmed))
            request.token_sha256 = digest(confirming_token(mail, request))
        request.save(force_insert=True)
        _record(request, AuditAction.ERASURE_ASKED, by=None, at=at)
    return request


def enter(
    *,
    submission: Submission,
    scope: ErasureScope,
    reason: str,
    asked_at: datetime,
    by: User,
    at: datetime,
) -> ErasureRequest:
    """Note a request that the author made to staff; `reason` says how, without names.

    The month counts from `asked_at`. Raises ErasureRefused for somebody without the right, a
    request that is open already, or nothing to erase.
    """
    if not may(by, Action.ENTER_ERASURE, submission.call_id):
        raise ErasureRefused("You may not enter requests to erase in this call.")
    if not reason.strip():
        raise ErasureRefused("Enter how its author asked for it.")
    if asked_at > at:
        raise ErasureRefused("Enter a day that is not in the future.")
    with transaction.atomic():
        locked = _lock(submission)
        if (open_one := open_request(locked)) is not None:
            if not is_unconfirmed(open_one, at):
                raise ErasureRefused("There is an open request to erase it already.")
            _end(open_one, ErasureState.WITHDRAWN, by=None, at=at)
        request = ErasureRequest.objects.create(
            call=locked.call,
            submission=locked,
            scope=scope,
            reason=" ".join(reason.split()),
            asked_at=asked_at,
            due_at=due_after(asked_at),
            entered_by=by,
            confirmed_at=at,
        )
        enqueue_mails(MailKind.ERASURE_ASKED, request, at=at)
        _record(request, AuditAction.ERASURE_ASKED, by=by, at=at, reason=request.reason)
    return request


def end_by_retention(
    *, submission: Submission, scope: ErasureScope, rule: str, by: User | None, at: datetime
) -> ErasureRequest | None:
    """Approve the erasure of what a rule of retention ends, for the worker to carry out.

    `rule` names the rule; `by` is who confirmed it, None where it goes on by itself. A request that
    `gives_way` is withdrawn, without a mail. None if another one is open, somebody decides about it
    at this moment, or the response was erased already.
    """
    with transaction.atomic():
        try:
            locked = _lock(submission)
        except ErasureRefused:
            return None
        if open_request(locked) is not None:
            # Whoever decides about it now waits for the response: to wait for them is a deadlock.
            giving_way = ErasureRequest.objects.open().filter(gives_way(scope, at))
            free = giving_way.select_for_update(of=("self",), skip_locked=True)
            if (given := free.filter(submission=locked).first()) is None:
                return None
            _withdraw(given, at=at, rule=rule)
        request = ErasureRequest.objects.create(
            call=locked.call,
            submission=locked,
            ground=ErasureGround.RETENTION,
            scope=scope,
            state=ErasureState.APPROVED,
            reason=rule,
            asked_at=at,
            due_at=due_after(at),
            confirmed_at=at,
            decided_by=by,
            decided_at=at,
        )
        _record(request, AuditAction.ERASURE_APPROVED, by=by, at=at, rule=rule)
    return request


def confirming_token(mail: OutboxEmail, request: ErasureRequest) -> str:
    """Return the token of the link that confirms the request, the same each time it is written.

    A copy to the same address has the link of the first one.
    """
    while (first := mail.resend_of) is not None and first.to_address == mail.to_address:
        mail = first
    return token_for("submissions.erasure", mail.message_id, sha256=request.token_sha256)


def look_up(*, call: Call, token: str, at: datetime) -> ErasureRequest:
    """Return the request that the link confirms, or did. Raises LinkDead once that has ended."""
    of_link = ErasureRequest.objects.open().filter(call=call, token_sha256=digest(token))
    request = of_link.select_related("submission").first()
    if request is None or is_unconfirmed(request, at):
        raise LinkDead
    return request


def confirm(*, call: Call, token: str, at: datetime) -> ErasureRequest:
    """Confirm the request with its link; a second time changes nothing. Raises LinkDead."""
    with transaction.atomic():
        pk = look_up(call=call, token=token, at=at).pk
        request = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=pk)
        if request.confirmed_at is None and request.state == ErasureState.ASKED:
            request.confirmed_at = at
            request.save(update_fields=["confirmed_at"])
            _record(request, AuditAction.ERASURE_CONFIRMED, by=None, at=at)
    return request


def withdraw_request(request: ErasureRequest, *, at: datetime) -> bool:
    """Withdraw the request at its author's wish; False once it was carried out or refused.

    What a rule of retention ends is no request of theirs.
    """
    with transaction.atomic():
        locked = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        is_theirs = locked.ground == ErasureGround.AUTHOR
        if not is_theirs or locked.state not in {ErasureState.ASKED, ErasureState.APPROVED}:
            return False
        _end(locked, ErasureState.WITHDRAWN, by=None, at=at)
    return True


def approve(request: ErasureRequest, *, by: User, at: datetime) -> None:
    """Approve the erasure; the worker carries it out. Raises ErasureRefused.

    Of two who decide at once one gets in: the row is locked before it is judged.
    """
    with transaction.atomic():
        locked = _lock_to_decide(request, by)
        locked.state, locked.decided_by, locked.decided_at = ErasureState.APPROVED, by, at
        locked.save(update_fields=["state", "decided_by", "decided_at"])
        _record(locked, AuditAction.ERASURE_APPROVED, by=by, at=at)


def refuse(request: ErasureRequest, *, by: User, words: str, at: datetime) -> None:
    """Refuse the erasure; `words` say why, and go to its author by mail. Raises ErasureRefused."""
    if not words.strip():
        raise ErasureRefused("Enter why it is refused: its author gets these words.")
    with transaction.atomic():
        locked = _lock_to_decide(request, by)
        locked.refusal, locked.decided_by, locked.decided_at = words.strip(), by, at
        _end(locked, ErasureState.REFUSED, by=by, at=at)


def open_request(submission: Submission) -> ErasureRequest | None:
    return ErasureRequest.objects.open().filter(submission=submission).first()


def carried_out(submission: Submission) -> ErasureRequest | None:
    """Return the request by which the response, or else who gave it, was erased last."""
    return (
        ErasureRequest.objects.carried_out()
        .filter(submission=submission)
        .order_by("-scope", "-erased_at")
        .first()
    )


def _lock(submission: Submission) -> Submission:
    locked = lock_row(submission)
    if locked.is_erased:
        raise ErasureRefused("It was erased already.")
    return locked


def _lock_to_decide(request: ErasureRequest, by: User) -> ErasureRequest:
    if not may(by, Action.DECIDE_ERASURE, request.call_id):
        raise ErasureRefused("You may not decide about requests to erase in this call.")
    locked = ErasureRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if locked.state != ErasureState.ASKED:
        # Its author withdraws it, or it ends with what it asks for.
        who = f", by {locked.decided_by.get_username()}" if locked.decided_by else ""
        raise ErasureRefused(
            f"This request is not open any more: {locked.get_state_display().lower()}{who}."
        )
    if locked.confirmed_at is None:
        raise ErasureRefused("Its author has not confirmed it yet, by the link in the mail.")
    if locked.entered_by_id == by.pk:
        raise ErasureRefused("You entered this request: somebody else has to decide.")
    return locked


def _end(request: ErasureRequest, state: ErasureState, *, by: User | None, at: datetime) -> None:
    request.state = state
    request.save(update_fields=["state", "refusal", "decided_by", "decided_at"])
    enqueue_mails(MailKind.ERASURE_STOPPED, request, at=at)
    refused = state == ErasureState.REFUSED
    action = AuditAction.ERASURE_REFUSED if refused else AuditAction.ERASURE_WITHDRAWN
    _record(request, action, by=by, at=at)


def _withdraw(request: ErasureRequest, *, at: datetime, rule: str) -> None:
    request.state = ErasureState.WITHDRAWN
    request.save(update_fields=["state"])
    _record(request, AuditAction.ERASURE_WITHDRAWN, by=None, at=at, rule=rule)


def gives_way(scope: ErasureScope, at: datetime) -> Q:
    """Return the condition of open requests that end with what a rule ends, which `scope` names.

    Their authors did not confirm them in time, or nobody decided within the month and the rule ends
    all that they ask for.
    """
    lapsed = Q(confirmed_at=None, asked_at__lte=at - timedelta(hours=CONFIRM_WITHIN_HOURS))
    undecided = Q(state=ErasureState.ASKED, due_at__lte=at)
    if scope != ErasureScope.RESPONSE:
        undecided &= Q(scope=scope)
    return lapsed | undecided


def confirmed_before(request: ErasureRequest) -> datetime:
    """Return before which moment its author has to confirm the request."""
    return request.asked_at + timedelta(hours=CONFIRM_WITHIN_HOURS)


def is_unconfirmed(request: ErasureRequest, at: datetime) -> bool:
    """Return whether the author did not confirm the request in time: they may ask again."""
    return request.confirmed_at is None and at >= confirmed_before(request)


def _confirmed_address(submission: Submission) -> str:
    """Return the last address whose owner has used a link to the response, "" if there is none.

    Whoever has the response open may give another address, and that takes nothing away until a
    link that went there is used.
    """
    kept = ReturnAddress.objects.of_authors().filter(
        submission=submission, confirmed_at__isnull=False
    )
    used = ReturnToken.objects.filter(
        mail__submission=submission,
        mail__address_given_by=AddressSource.AUTHOR,
        used_at__isnull=False,
    ).exclude(mail__to_address="")
    # Earlier releases deleted what was left of a link, and kept the address for links alone.
    confirmed = [
        *kept.values_list("confirmed_at", "address"),
        *used.values_list("used_at", "mail__to_address"),
    ]
    return max(confirmed)[1] if confirmed else ""


def enqueue_mails(kind: MailKind, request: ErasureRequest, *, at: datetime) -> list[OutboxEmail]:
    """Enqueue the mail about the request to each address that the author gave."""
    return [
        enqueue(
            kind=kind,
            call=request.submission.call,
            submission=request.submission,
            occasion=f"{request.public_id.hex}.{number}",
            to_address=address,
            at=at,
        )
        for number, address in enumerate(addresses_of(request), start=1)
    ]


def addresses_of(request: ErasureRequest) -> list[str]:
    """Return each address that the author of the response gave."""
    submission, call = request.submission, request.submission.call
    known = known_addresses(submission, call)
    typed = typed_addresses(call, working_answers(submission, call))
    return known + [one for one in typed if comparable(one) not in map(comparable, known)]


def request_of(mail: OutboxEmail) -> ErasureRequest:
    """Return the request that a mail is about: a response may have one after another.

    Mails that an earlier release wrote do not say it; theirs is the last one.
    """
    of_response = ErasureRequest.objects.filter(submission=mail.submission_id)
    if not mail.occasion:
        return of_response.latest("pk")
    return of_response.get(public_id=mail.occasion.partition(".")[0])


def is_author_told(request: ErasureRequest) -> bool:
    """Return whether a mail goes to the author about the request that ended."""
    mails = OutboxEmail.objects.filter(submission=request.submission_id)
    return mails.filter(
        kind=MailKind.ERASURE_STOPPED, occasion__startswith=f"{request.public_id.hex}."
    ).exists()


def says_what_is_not_erased(mail: OutboxEmail) -> bool:
    """Return whether the mail would say that files are deleted of which some are still there."""
    return mail.kind == MailKind.ERASURE_DONE and bool(request_of(mail).files_left)


def _record(
    request: ErasureRequest, action: AuditAction, *, by: User | None, at: datetime, **detail: str
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        call=request.call,
        submission=request.submission,
        request=str(request.public_id),
        scope=request.scope,
        ground=request.ground,
        **detail,
    )
