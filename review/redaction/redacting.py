"""Deciding about passages that somebody proposed to hide or to show again; always two people.

    proposed -> approved (hidden) -> asked back -> taken back
                                                -> approved, where somebody keeps it
             -> refused
             -> taken back, by who proposed it
    lost (a later version is without the passage: its whole answer is hidden) -> asked back ...

The database writes the texts without the hidden words, and carries redactions over to later
versions (migration 0016).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.rights import calls_of, may, narrowed
from accounts.states import Action, AuditAction
from review.errors import RedactionRefused
from review.models import Redaction
from review.redaction.locked import MOST_WORDS, lock_one, one_line, put_on_record, said_of
from review.redaction.locked import end as end_redaction
from review.states import LIVE_REDACTIONS, RedactionState
from submissions.calls.states import QuestionKind


def approve(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Hide the passage. Raises RedactionRefused, so for the one who proposed it."""
    with transaction.atomic():
        locked = _lock_to_decide(redaction, by=by)
        locked.state = RedactionState.APPROVED
        locked.decided_by, locked.decided_at = by, at
        locked.save(update_fields=["state", "decided_by", "decided_at"])
        put_on_record(locked, AuditAction.REDACTION_APPROVED, by=by, at=at)


def refuse(redaction: Redaction, *, words: str, by: User, at: datetime) -> None:
    """Refuse the proposal; `words` say why. Raises RedactionRefused."""
    words = one_line(words)
    if not words:
        raise RedactionRefused("Enter why it is refused")
    with transaction.atomic():
        locked = _lock_to_decide(redaction, by=by)
        locked.state = RedactionState.REFUSED
        locked.decided_by, locked.decided_at = by, at
        locked.refusal = words[:MOST_WORDS]
        locked.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
        put_on_record(locked, AuditAction.REDACTION_REFUSED, by=by, at=at)


def ask_back(redaction: Redaction, *, words: str, by: User, at: datetime) -> None:
    """Ask that the passage is shown again; `words` say why. Raises RedactionRefused."""
    if not may(by, Action.REDACT, redaction.call_id):
        raise RedactionRefused("You may not ask for that in this call")
    words = one_line(words)
    if not words:
        raise RedactionRefused("Enter why to show it again")
    with transaction.atomic():
        locked = lock_one(redaction)
        if locked.state not in LIVE_REDACTIONS:
            raise RedactionRefused(said_of(locked))
        if locked.back_asked_by is not None:
            raise RedactionRefused(f"{locked.back_asked_by} has asked for that already")
        locked.back_asked_by, locked.back_asked_at = by, at
        locked.back_words = words[:MOST_WORDS]
        locked.save(update_fields=["back_asked_by", "back_asked_at", "back_words"])
        put_on_record(locked, AuditAction.REDACTION_BACK_ASKED, by=by, at=at)


def show_again(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Show the passage again, as somebody else asked. Raises RedactionRefused."""
    with transaction.atomic():
        locked = _lock_asked_back(redaction, by=by)
        if locked.back_asked_by_id == by.pk:
            raise RedactionRefused("You asked for it: somebody else has to agree")
        end_redaction(locked, by=by, at=at)


def keep_hidden(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Leave the passage hidden, though somebody asked to show it. Raises RedactionRefused."""
    with transaction.atomic():
        locked = _lock_asked_back(redaction, by=by)
        locked.back_asked_by, locked.back_asked_at, locked.back_words = None, None, ""
        locked.save(update_fields=["back_asked_by", "back_asked_at", "back_words"])
        put_on_record(locked, AuditAction.REDACTION_KEPT, by=by, at=at)


def waiting_for(person: User) -> QuerySet[Redaction]:
    """Return those about which the person may decide, as somebody else has asked."""
    seen = narrowed(Redaction.objects.all(), person, Action.SEE_REDACTED)
    rows = narrowed(seen, person, Action.APPROVE_REDACTION)
    reads = Q(call__in=calls_of(person, Action.OPEN_FILES))
    proposed = Q(state=RedactionState.PROPOSED) & ~Q(proposed_by=person)
    asked_back = Q(state__in=LIVE_REDACTIONS, back_asked_by__isnull=False)
    return rows.filter(
        ~Q(question__kind=QuestionKind.FILE) | reads,
        proposed | asked_back & ~Q(back_asked_by=person),
    )


def may_decide(by: User, redaction: Redaction) -> bool:
    """Return whether somebody decides about the redaction: of files, who may open them."""
    reads_it = redaction.question.kind != QuestionKind.FILE or may(
        by, Action.OPEN_FILES, redaction.call_id
    )
    return reads_it and may(by, Action.APPROVE_REDACTION, redaction.call_id)


def _refuse_unless_may_decide(redaction: Redaction, by: User) -> None:
    if not may(by, Action.APPROVE_REDACTION, redaction.call_id):
        raise RedactionRefused("You may not decide about redactions in this call")
    if not may_decide(by, redaction):
        raise RedactionRefused("It is in a file, and you may not open files in this call")


def _lock_to_decide(redaction: Redaction, *, by: User) -> Redaction:
    _refuse_unless_may_decide(redaction, by)
    locked = lock_one(redaction)
    if locked.state != RedactionState.PROPOSED:
        raise RedactionRefused(said_of(locked))
    if locked.proposed_by_id == by.pk:
        raise RedactionRefused("You proposed it: somebody else has to decide")
    return locked


def _lock_asked_back(redaction: Redaction, *, by: User) -> Redaction:
    _refuse_unless_may_decide(redaction, by)
    locked = lock_one(redaction)
    if locked.state not in LIVE_REDACTIONS:
        raise RedactionRefused(said_of(locked))
    if locked.back_asked_by is None:
        raise RedactionRefused("Nobody asks to show it again any more")
    return locked
