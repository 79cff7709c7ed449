"""Proposing to hide passages, and taking one's own proposal back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.errors import RedactionRefused
from review.models import FileText, Redaction
from review.redaction.locked import end as end_redaction
from review.redaction.locked import lock_one, lock_response, one_line, put_on_record, said_of
from review.states import LIVE_REDACTIONS, RedactionReason, RedactionState
from submissions.calls.models import Question
from submissions.responses.models import Version
from submissions.responses.states import SubmissionState

OPEN = (RedactionState.PROPOSED, *LIVE_REDACTIONS)


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
    words = one_line(words)
    if reason == RedactionReason.OTHER and not words:
        raise RedactionRefused("Enter the reason in words")
    with transaction.atomic():
        submission = lock_response(version.submission_id)
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
        put_on_record(redaction, AuditAction.REDACTION_PROPOSED, by=by, at=at)
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


def withdraw(redaction: Redaction, *, by: User, at: datetime) -> None:
    """Take one's own proposal back, which hid nothing yet. Raises RedactionRefused."""
    with transaction.atomic():
        locked = lock_one(redaction)
        if locked.state != RedactionState.PROPOSED:
            raise RedactionRefused(said_of(locked))
        if locked.proposed_by_id != by.pk:
            raise RedactionRefused(f"{locked.proposed_by} proposed it: refuse it instead")
        end_redaction(locked, by=by, at=at)


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
