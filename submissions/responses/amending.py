"""Changing a submitted response: reopening, discarding the changes, withdrawing."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.responses.addresses import enqueue_withdrawal, tell_of_replaced
from submissions.responses.colleagues import end_sharing
from submissions.responses.deadlines import applicable_deadline, refuse_unless_open
from submissions.responses.errors import NotSubmitted
from submissions.responses.models import Submission, Version
from submissions.responses.states import AccessEnd, SubmissionState
from submissions.responses.working_copy import (
    lock_call,
    lock_response,
    lock_row,
    store_answers,
    working_answers,
)

logger = logging.getLogger(__name__)
NOTHING = Q(pk__in=[])


def reopen(*, submission: Submission, at: datetime) -> None:
    """Let the author change the working copy of a submitted response.

    What was submitted stays submitted until they submit again. Asking twice changes nothing.
    After closing, a late pass still lets them. Raises CallClosed or CallNotYetOpen, NotSubmitted
    for a draft, ResponseWithdrawn.
    """
    with transaction.atomic():
        locked = lock_response(submission)
        if locked.is_draft:
            raise NotSubmitted
        applicable_deadline(lock_call(locked.call_id), locked, at=at)
        if locked.amending_since is None:
            locked.amending_since = at
            locked.save_locked("amending_since")


def discard_changes(*, submission: Submission, at: datetime) -> None:
    """Discard the changes: the working copy is again what it was when it was last submitted.

    What was given before to a question that was not asked then stays in it. Works after closing
    too. Raises NotSubmitted for a draft, ResponseWithdrawn.
    """
    with transaction.atomic():
        locked = lock_response(submission)
        if locked.is_draft:
            raise NotSubmitted
        version = locked.submitted_version
        asked = locked.call.questionnaire.asked(_submitted_answers(version))
        not_asked = [q.pk for q in locked.call.questions_in_order if not asked[q.key]]
        given = Q(question__in=not_asked, saved_at__lte=version.received_at)
        attached = Q(question__in=not_asked, uploaded_at__lte=version.received_at)
        discarded = working_answers(locked, locked.call)
        _back_to_submitted(locked, at, answers_kept=given, files_kept=attached)
        kept = working_answers(locked, locked.call)
        tell_of_replaced(locked, locked.call, before=discarded, after=kept, at=at)


def discard_all_but_submitted(*, submission: Submission, at: datetime) -> None:
    """Put back what was last submitted, and nothing beside it, in a withdrawn response too.

    For the purge: until then the author may still download the rest.
    """
    with transaction.atomic():
        locked = lock_row(submission)
        _back_to_submitted(locked, at, answers_kept=NOTHING, files_kept=NOTHING)


def _submitted_answers(version: Version) -> dict[str, Any]:
    return {**version.choices, **version.texts, **version.identity.answers}


def _back_to_submitted(locked: Submission, at: datetime, *, answers_kept: Q, files_kept: Q) -> None:
    version = locked.submitted_version
    questions = {question.key: question for question in locked.call.questions.all()}
    locked.answers.exclude(answers_kept).delete()
    locked.identity_answers.exclude(answers_kept).delete()
    submitted = _submitted_answers(version)
    store_answers(locked, {questions[key]: value for key, value in submitted.items()}, at=at)
    attached = version.attachments.values("pk")
    locked.attachments.filter(pk__in=attached).update(removed_at=None)
    others = locked.attachments.exclude(pk__in=attached).exclude(question=None)
    others = others.exclude(files_kept)
    others.filter(removed_at=None).update(removed_at=at)
    end_sharing(locked, AccessEnd.FINISHED, at=at)
    locked.amending_since = None
    locked.saved_at = max(locked.saved_at, at)
    locked.save_locked("amending_since", "saved_at")


def withdraw(*, submission: Submission, at: datetime) -> Submission:
    """Withdraw a submitted response: from now on no export has it; its record stays.

    Enqueues a mail to each address that the author gave. Asking twice changes nothing. Raises
    CallClosed or CallNotYetOpen (after closing, authors ask by mail), NotSubmitted for a draft.
    """
    return _withdraw(submission, by=None, at=at)


def withdraw_on_request(
    *, submission: Submission, by: User, reason: str, at: datetime
) -> Submission:
    """Withdraw a response because its author asked staff to, before closing or after.

    `reason` goes on record: how the author asked, without names. The rest is as in `withdraw`.
    """
    return _withdraw(submission, by=by, at=at, reason=reason)


def withdraw_again(*, submission: Submission, withdrawn_at: datetime, at: datetime) -> bool:
    """Withdraw what a restored backup has as submitted, though it had been withdrawn since.

    Nobody is told a second time. False if it is not submitted here.
    """
    with transaction.atomic():
        locked = lock_row(submission)
        if locked.state != SubmissionState.SUBMITTED:
            return False
        call = lock_call(locked.call_id)
        _end_as_withdrawn(locked, call, by=None, at=at, since=withdrawn_at, after_restore=True)
    return True


def _withdraw(
    submission: Submission, *, by: User | None, at: datetime, **detail: str
) -> Submission:
    with transaction.atomic():
        locked = lock_row(submission)
        if locked.state in {SubmissionState.WITHDRAWN, SubmissionState.ERASED}:
            return locked
        if locked.is_draft:
            raise NotSubmitted
        call = lock_call(locked.call_id)
        if by is None:
            refuse_unless_open(call, at)
        _end_as_withdrawn(locked, call, by=by, at=at, since=at, **detail)
        enqueue_withdrawal(locked.submitted_version, call, at=at)
    logger.info("response %s withdrawn", locked.reference)
    return locked


def _end_as_withdrawn(
    locked: Submission,
    call: Call,
    *,
    by: User | None,
    at: datetime,
    since: datetime,
    **detail: str | bool,
) -> None:
    locked.state = SubmissionState.WITHDRAWN
    # A later request may have been saved first; the purge compares these two moments.
    locked.withdrawn_at = max(since, locked.saved_at)
    locked.amending_since = None
    locked.save_locked("state", "withdrawn_at", "amending_since")
    end_sharing(locked, AccessEnd.FINISHED, at=at)
    record(
        by=by,
        at=at,
        action=AuditAction.RESPONSE_WITHDRAWN,
        call=call,
        submission=locked,
        asked_by="author",
        **detail,
    )
