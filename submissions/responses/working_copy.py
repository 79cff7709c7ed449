"""The working copy of a response: its answers and files, read, locked and written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from submissions.calls.models import Call, Question
from submissions.calls.states import ORGANISATION_NAME
from submissions.responses.errors import (
    AccessEnded,
    AlreadySubmitted,
    MayNotSubmit,
    ResponseGone,
    ResponseWithdrawn,
)
from submissions.responses.models import Answer, Attachment, Colleague, IdentityAnswer, Submission
from submissions.responses.states import SubmissionState

Row = TypeVar("Row", Answer, IdentityAnswer)


def find_response(*, public_id: UUID | str, slug: str) -> Submission | None:
    """Return the response of that id to the call of that slug, with the call and its answers."""
    responses = Submission.objects.select_related("call")
    try:
        submission = responses.get(public_id=public_id, call__slug=slug)
    except Submission.DoesNotExist:
        return None
    # After the row: answers that are newer than its `lock_version` make a save read again.
    submission.answers_read = _stored_answers(submission)
    return submission


def find_response_of(*, access: UUID | str, slug: str) -> Submission | None:
    """Return the response that a colleague's access opens, as `find_response` does."""
    found = Colleague.objects.joined().filter(public_id=access, submission__call__slug=slug)
    colleague = found.select_related("submission__call").order_by().first()
    if colleague is None:
        return None
    submission = colleague.submission
    submission.opened_by = colleague
    submission.answers_read = _stored_answers(submission)
    return submission


def working_answers(submission: Submission, call: Call) -> dict[str, Any]:
    """Return the working copy as question key -> stored value, identity included."""
    keys = call.questionnaire.keys
    stored = submission.answers_read
    if stored is None:
        stored = _stored_answers(submission)
    # Another author may have answered a question that was added after `call` was read.
    return {keys[question]: value for question, value in stored.items() if question in keys}


def _stored_answers(submission: Submission) -> dict[int, Any]:
    """Return the stored values by the primary keys of their questions."""
    evidence, identity = (
        table.objects.filter(submission=submission).values_list("question_id", "value")
        for table in (Answer, IdentityAnswer)
    )
    return dict(evidence.union(identity, all=True))


def working_files(submission: Submission, call: Call) -> dict[str, list[Attachment]]:
    """Return the files of the working copy, with what was found in them, by question key."""
    present = submission.attachments.filter(removed_at=None, question__isnull=False)
    return files_by_key(call, present.select_related("scan"))


def files_by_key(call: Call, attachments: Iterable[Attachment]) -> dict[str, list[Attachment]]:
    """Return the attachments by the key of their question."""
    keys = call.questionnaire.keys
    found: dict[str, list[Attachment]] = {}
    for attachment in attachments:
        if attachment.question_id in keys:
            found.setdefault(keys[attachment.question_id], []).append(attachment)
    return found


def lock_row(submission: Submission) -> Submission:
    """Lock the row until the transaction ends, and return it as it is now. Raises ResponseGone."""
    locked = Submission.objects.select_for_update(no_key=True).filter(pk=submission.pk).first()
    if locked is None:
        raise ResponseGone
    return locked


def lock_response(submission: Submission) -> Submission:
    """Lock the row as `lock_row` does; raise ResponseWithdrawn if the response has ended."""
    locked = lock_row(submission)
    if locked.state in {SubmissionState.WITHDRAWN, SubmissionState.ERASED}:
        raise ResponseWithdrawn(locked.reference)
    return locked


def lock_call(pk: int) -> Call:
    """Return the call, whose closing time cannot change until the transaction ends.

    FOR SHARE lets submissions run side by side and makes a change of the call wait.
    """
    return Call.objects.raw("SELECT * FROM submissions_call WHERE id = %s FOR SHARE", [pk])[0]


def lock_working_copy(submission: Submission) -> Submission:
    """Lock the row until the transaction ends, and return it as it is now.

    Raises AlreadySubmitted unless it is a draft, or its author reopened it after submitting;
    AccessEnded if it was read through an access that was ended since; ResponseGone.
    """
    locked = lock_row(submission)
    if not locked.has_working_copy:
        raise AlreadySubmitted(locked.reference)
    refuse_if_ended(submission.opened_by)
    return locked


def refuse_if_ended(colleague: Colleague | None) -> Colleague | None:
    """Return the colleague's access as it is now; the response is locked. Raises AccessEnded."""
    if colleague is None:
        return None
    present = Colleague.objects.joined().filter(pk=colleague.pk).first()
    if present is None:
        raise AccessEnded
    return present


def refuse_unless_may_submit(colleague: Colleague | None) -> None:
    """Raise MayNotSubmit, or AccessEnded, unless the author lets the colleague submit."""
    present = refuse_if_ended(colleague)
    if present is not None and not present.may_submit:
        raise MayNotSubmit


def note_saved(submission: Submission, *, at: datetime) -> None:
    """Note that a request received at `at` changed the working copy, which the caller locked."""
    Submission.objects.filter(pk=submission.pk).mark_saved(at=at)
    submission.saved_at = max(submission.saved_at, at)


def note_saved_if_unchanged(submission: Submission, *, at: datetime) -> bool:
    """Do as `note_saved` does, and lock the row, if nobody changed it since it was read.

    Return False, and write nothing, if somebody did: also if somebody ended a colleague's access,
    which counts `lock_version` up. `submission` keeps the `lock_version` that its answers were read
    under.
    """
    unchanged = Submission.objects.filter(pk=submission.pk, lock_version=submission.lock_version)
    if not unchanged.mark_saved(at=at):
        return False
    submission.saved_at = max(submission.saved_at, at)
    return True


def store_answers(submission: Submission, values: Mapping[Question, Any], *, at: datetime) -> None:
    """Write the values into the rows of their tables; None deletes a row. The row is locked."""
    evidence = {q: value for q, value in values.items() if not q.identity}
    identity = {q: value for q, value in values.items() if q.identity}
    if evidence:
        _store(Answer, submission, evidence, at)
    if identity:
        _store(IdentityAnswer, submission, identity, at)


def _store(
    table: type[Row], submission: Submission, values: Mapping[Question, Any], at: datetime
) -> None:
    emptied = [question for question, value in values.items() if value is None]
    if emptied:
        table.objects.filter(submission=submission, question__in=emptied).delete()
    saved_by = None if submission.opened_by is None else submission.opened_by.number
    table.objects.bulk_create(
        [
            table(
                submission=submission,
                question=question,
                value=value,
                saved_at=at,
                saved_by=saved_by,
            )
            for question, value in values.items()
            if value is not None
        ],
        update_conflicts=True,
        unique_fields=["submission", "question"],
        update_fields=["value", "saved_at", "saved_by"],
    )


def organisation_of(submission: Submission, call: Call) -> str:
    """Return for which organisation the response is, as its author typed it; "" if that is open."""
    counting = call.questionnaire.answers_that_count(working_answers(submission, call))
    return str(counting.get(ORGANISATION_NAME) or "")
