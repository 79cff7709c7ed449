"""Hiding passages from readers outside the team, and showing them again; always by two people.

    proposed -> approved (hidden) -> asked back -> taken back
                                                -> approved, where somebody keeps it
             -> refused
             -> taken back, by who proposed it
    lost (a later version is without the passage: its whole answer is hidden) -> asked back ...

The database writes the texts without the hidden words, and carries redactions over to later
versions (migration 0016).
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.errors import RedactionRefused
from review.models import FileText, Redaction
from review.states import LIVE_REDACTIONS, RedactionReason, RedactionState
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

OPEN = (RedactionState.PROPOSED, *LIVE_REDACTIONS)
MOST_WORDS = 500  # characters of why it is refused or taken back


class AlreadyThere(RedactionRefused):
    """The words are hidden already, or proposed to be."""


def propose(
    *,
    version: Version,
    question: Question,
    start: int,
    end: int,
    reason: RedactionReason,
    by: User,
    at: datetime,
    words: str = "",
    file_text: FileText | None = None,
) -> Redaction:
    """Propose to hide `[start, end)`, in codepoints of the answer, or of the file's text.

    Raises RedactionRefused for who may not, a version that is not the latest, a passage that is not
    in the text, or one that is hidden or proposed already. One that overlaps another is fine:
    whatever is in either is hidden.
    """
    if not may(by, Action.REDACT, version.submission.call_id):
        raise RedactionRefused("You may not propose to hide passages in this call")
    words = _one_line(words)
    if reason == RedactionReason.OTHER and not words:
        raise RedactionRefused("Enter the reason in words")
    with transaction.atomic():
        submission = _lock(version.submission_id)
        if submission.state != SubmissionState.SUBMITTED:
            raise RedactionRefused("The response is not among those that count")
        if submission.current_version_id != version.pk:
            raise RedactionRefused(
                "Its author has submitted another version. Open the response again"
            )
        if not 0 <= start < end <= len(_text(version, question, file_text, by)):
            raise RedactionRefused("The passage is not within the text")
        _refuse_if_there(version, question, file_text, start, end)
        redaction = Redaction.objects.create(
            call=submission.call,
            version=version,
            question=question,
            file_text=file_text,
            start=start,
            end=end,
            reason=reason,
            words=words,
            proposed_by=by,
            proposed_at=at,
        )
        _record(redaction, AuditAction.REDACTION_PROPOSED, by=by, at=at)
    return redaction


def propose_all(
    *,
    version: Version,
    question: Question,
    passages: Iterable[tuple[int, int]],
    reason: RedactionReason,
    by: User,
    at: datetime,
    words: str = "",
    file_text: FileText | None = None,
) -> int:
    """Propose each passage but those that are hidden or proposed already; return how many.

    Raises RedactionRefused as `propose` does, and where there is nothing new among them.
    """
    made, refused = 0, RedactionRefused("There is nothing to hide")
    with transaction.atomic():
        for start, end in dict.fromkeys(passages):
            try:
                with transaction.atomic():
                    propose(
                        version=version,
                        question=question,
                        start=start,
                        end=end,
                        reason=reason,
                        words=words,
                        file_text=file_text,
                        by=by,
                        at=at,
                    )
            except AlreadyThere as known:
                refused = known
            else:
                made += 1
        if not made:
            raise refused
    return made


def approve(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Hide the passage. Raises RedactionRefused, so for the one who proposed it."""
    with transaction.atomic():
        locked = _lock_to_decide(redaction, by=by)
        locked.state = RedactionState.APPROVED
        locked.decided_by, locked.decided_at = by, at
        locked.save(update_fields=["state", "decided_by", "decided_at"])
        _record(locked, AuditAction.REDACTION_APPROVED, by=by, at=at)


def refuse(redaction: Redaction, *, words: str, by: User, at: datetime) -> None:
    """Refuse the proposal; `words` say why. Raises RedactionRefused."""
    words = _one_line(words)
    if not words:
        raise RedactionRefused("Enter why it is refused")
    with transaction.atomic():
        locked = _lock_to_decide(redaction, by=by)
        locked.state = RedactionState.REFUSED
        locked.decided_by, locked.decided_at = by, at
        locked.refusal = words[:MOST_WORDS]
        locked.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
        _record(locked, AuditAction.REDACTION_REFUSED, by=by, at=at)


def withdraw(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Take one's own proposal back, which hid nothing yet. Raises RedactionRefused."""
    with transaction.atomic():
        locked = _lock_one(redaction)
        if locked.state != RedactionState.PROPOSED:
            raise RedactionRefused(_said(locked))
        if locked.proposed_by_id != by.pk:
            raise RedactionRefused(f"{locked.proposed_by} proposed it: refuse it instead")
        _end(locked, by=by, at=at)


def ask_back(redaction: Redaction, *, words: str, by: User, at: datetime) -> None:
    """Ask that the passage is shown again; `words` say why. Raises RedactionRefused."""
    if not may(by, Action.REDACT, redaction.call_id):
        raise RedactionRefused("You may not ask for that in this call")
    words = _one_line(words)
    if not words:
        raise RedactionRefused("Enter why to show it again")
    with transaction.atomic():
        locked = _lock_one(redaction)
        if locked.state not in LIVE_REDACTIONS:
            raise RedactionRefused(_said(locked))
        if locked.back_asked_by is not None:
            raise RedactionRefused(f"{locked.back_asked_by} has asked for that already")
        locked.back_asked_by, locked.back_asked_at = by, at
        locked.back_words = words[:MOST_WORDS]
        locked.save(update_fields=["back_asked_by", "back_asked_at", "back_words"])
        _record(locked, AuditAction.REDACTION_BACK_ASKED, by=by, at=at)


def show_again(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Show the passage again, as somebody else asked. Raises RedactionRefused."""
    with transaction.atomic():
        locked = _lock_asked_back(redaction, by=by)
        if locked.back_asked_by_id == by.pk:
            raise RedactionRefused("You asked for it: somebody else has to agree")
        _end(locked, by=by, at=at)


def keep_hidden(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Leave the passage hidden, though somebody asked to show it. Raises RedactionRefused."""
    with transaction.atomic():
        locked = _lock_asked_back(redaction, by=by)
        locked.back_asked_by, locked.back_asked_at, locked.back_words = None, None, ""
        locked.save(update_fields=["back_asked_by", "back_asked_at", "back_words"])
        _record(locked, AuditAction.REDACTION_KEPT, by=by, at=at)


def may_decide(by: User, redaction: Redaction) -> bool:
    """Return whether somebody decides about the redaction: of files, who may open them."""
    reads_it = redaction.question.kind != QuestionKind.FILE or may(
        by, Action.OPEN_FILES, redaction.call_id
    )
    return reads_it and may(by, Action.APPROVE_REDACTION, redaction.call_id)


def _one_line(words: str) -> str:
    """Return what somebody wrote in one line, without NUL, which the database does not store."""
    return " ".join(words.replace("\0", "").split())


def _lock(submission: int) -> Submission:
    """Lock the response, as whoever erases or amends it does first."""
    return Submission.objects.select_for_update(no_key=True).get(pk=submission)


def _lock_one(redaction: Redaction) -> Redaction:
    _lock(redaction.version.submission_id)
    rows = Redaction.objects.select_for_update(of=("self",)).filter(pk=redaction.pk)
    locked = rows.select_related(
        "call",
        "version__submission",
        "question",
        "file_text__attachment",
        "proposed_by",
        "decided_by",
        "back_asked_by",
        "taken_back_by",
    ).first()
    if locked is None:
        raise RedactionRefused("The response has been erased")
    return locked


def _refuse_unless_may_decide(redaction: Redaction, by: User) -> None:
    if not may(by, Action.APPROVE_REDACTION, redaction.call_id):
        raise RedactionRefused("You may not decide about redactions in this call")
    if not may_decide(by, redaction):
        raise RedactionRefused("It is in a file, and you may not open files in this call")


def _lock_to_decide(redaction: Redaction, *, by: User) -> Redaction:
    _refuse_unless_may_decide(redaction, by)
    locked = _lock_one(redaction)
    if locked.state != RedactionState.PROPOSED:
        raise RedactionRefused(_said(locked))
    if locked.proposed_by_id == by.pk:
        raise RedactionRefused("You proposed it: somebody else has to decide")
    return locked


def _lock_asked_back(redaction: Redaction, *, by: User) -> Redaction:
    _refuse_unless_may_decide(redaction, by)
    locked = _lock_one(redaction)
    if locked.state not in LIVE_REDACTIONS:
        raise RedactionRefused(_said(locked))
    if locked.back_asked_by is None:
        raise RedactionRefused("Nobody asks to show it again any more")
    return locked


def _end(locked: Redaction, *, by: User, at: datetime) -> None:
    locked.state = RedactionState.TAKEN_BACK
    locked.taken_back_by, locked.taken_back_at = by, at
    locked.save(update_fields=["state", "taken_back_by", "taken_back_at"])
    _record(locked, AuditAction.REDACTION_TAKEN_BACK, by=by, at=at)


def _said(locked: Redaction) -> str:
    """Return who brought the redaction into the state in which it is."""
    by = locked.taken_back_by or locked.decided_by
    said = {
        RedactionState.PROPOSED: "It waits for approval and hides nothing yet",
        RedactionState.APPROVED: f"{by} approved it already",
        RedactionState.LOST: f"{by} approved it already",
        RedactionState.REFUSED: f"{by} refused it already",
        RedactionState.TAKEN_BACK: f"{by} took it back already",
    }
    return said[RedactionState(locked.state)]


def _text(version: Version, question: Question, file_text: FileText | None, by: User) -> str:
    if file_text is None:
        return version.texts.get(question.key, "")
    if not may(by, Action.OPEN_FILES, version.submission.call_id):
        raise RedactionRefused("You may not open files in this call")
    read = FileText.objects.filter(
        pk=file_text.pk, attachment__versions=version, attachment__question=question
    )
    return read.values_list("text", flat=True).first() or ""


def _refuse_if_there(
    version: Version, question: Question, file_text: FileText | None, start: int, end: int
) -> None:
    of_text = Redaction.objects.filter(question=question, state__in=OPEN)
    of_text = (
        of_text.filter(version=version, file_text=None)
        if file_text is None
        else of_text.filter(file_text=file_text)
    )
    whole = of_text.filter(start__lte=start, end__gte=end).exclude(state=RedactionState.LOST)
    known = whole.select_related("proposed_by").first()
    if known is not None:
        is_hidden = known.state == RedactionState.APPROVED
        raise AlreadyThere(
            "These words are hidden already"
            if is_hidden
            else f"{known.proposed_by} has proposed that already"
        )


def _record(redaction: Redaction, action: AuditAction, *, by: User, at: datetime) -> None:
    """Put it on record without the words: where they stand, and the reason from the list."""
    file = redaction.file_text and str(redaction.file_text.attachment.public_id)
    record(
        by=by,
        at=at,
        action=action,
        call=redaction.call,
        submission=redaction.version.submission,
        redaction=redaction.pk,
        version=redaction.version.number,
        question=redaction.question.key,
        passage=[redaction.start, redaction.end],
        reason=redaction.reason,
        **({"file": file} if file else {}),
    )
