"""Putting passages of evidence under codes, and taking them away again."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.decided import refuse_to_undo_decisions
from review.coding.samples import is_done_with
from review.errors import CodingRefused
from review.models import Code, Coding, FileText, Quote
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

DONE = (
    "You said that you are done with this response: your codings stand until the sample is closed"
)


def code_passage(
    *,
    code: Code,
    version: Version,
    question: Question,
    start: int,
    end: int,
    by: User,
    at: datetime,
    file_text: FileText | None = None,
) -> Coding:
    """Put `[start, end)`, in codepoints of the version's stored answer, under the code.

    With `file_text` it counts the text that was read of that file, which answers the question.
    Doing it again returns the same coding.
    Raises CodingRefused for a person who may not code in the call, a passage outside the answer,
    an empty one, a code of another call or a retired one, or a response that is withdrawn.
    """
    if not may(by, Action.CODE, version.submission.call_id):
        raise CodingRefused("You may not code in this call")
    with transaction.atomic():
        # Locked, so that nobody erases it meanwhile.
        submission = Submission.objects.select_for_update(no_key=True).get(pk=version.submission_id)
        if {code.call_id, question.call_id} != {submission.call_id}:
            raise CodingRefused("The code, the question and the response belong to one call")
        # Locked, so that nobody merges or retires it meanwhile.
        if Code.objects.select_for_update(no_key=True).get(pk=code.pk).is_retired:
            raise CodingRefused(f"The code “{code.name}” is retired: choose another")
        if is_done_with(by, submission):
            raise CodingRefused(DONE)
        if submission.state != SubmissionState.SUBMITTED:
            raise CodingRefused("The response is not among those that count")
        if file_text is not None and not may(by, Action.OPEN_FILES, submission.call_id):
            raise CodingRefused("You may not open files in this call")
        if not 0 <= start < end <= len(stored_text(version, question, file_text)):
            raise CodingRefused("The passage is not within the answer")
        coding, _ = Coding.objects.get_or_create(
            code=code,
            version=version,
            question=question,
            start=start,
            end=end,
            by=by,
            file_text=file_text,
            defaults={"at": at},
        )
    return coding


def remove_coding(coding: Coding, *, by: User, at: datetime) -> None:
    """Take the passage from under the code again, and put on record where it was.

    Raises CodingRefused for a person who may not code in the call, or whose coding it is not: each
    coder has a layer of their own.
    """
    call = coding.code.call
    if not may(by, Action.CODE, call):
        raise CodingRefused("You may not code in this call")
    if coding.by_id != by.pk:
        raise CodingRefused(f"This is a coding of {coding.by}: only they can take it away")
    with transaction.atomic():
        submissions = Submission.objects.select_for_update(no_key=True)
        if is_done_with(by, submissions.get(pk=coding.version.submission_id)):
            raise CodingRefused(DONE)
        refuse_to_undo_decisions([coding.pk])
        if not Coding.objects.filter(pk=coding.pk).delete()[0]:
            return
        record(
            by=by,
            at=at,
            action=AuditAction.CODING_REMOVED,
            call=call,
            submission=coding.version.submission,
            code=coding.code_id,
            version=coding.version.number,
            question=coding.question.key,
            passage=[coding.start, coding.end],
            **({"file": str(coding.file_text.attachment.public_id)} if coding.file_text else {}),
        )


def quote(coding: Coding | Quote) -> str:
    """Return the text of the passage."""
    if coding.file_text is not None:
        return coding.file_text.text[coding.start : coding.end]
    return coding.version.texts[coding.question.key][coding.start : coding.end]


def can_be_coded(question: Question, version: Version) -> bool:
    """Return whether the version has an answer to the question that belongs to the evidence."""
    return (
        question.kind in TEXT_KINDS
        and not question.identity
        and bool(version.texts.get(question.key))
    )


def stored_text(version: Version, question: Question, file_text: FileText | None) -> str:
    """Return the answer, or with `file_text` what is read of that file now.

    "" if there is none: the file is gone, or is of another version or answer.
    """
    if file_text is None:
        return version.texts.get(question.key, "")
    of_version = FileText.objects.filter(
        pk=file_text.pk, attachment__versions=version, attachment__question=question
    )
    return of_version.values_list("text", flat=True).first() or ""
