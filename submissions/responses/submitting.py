"""Submitting: one transaction turns a draft into a received response."""

import logging
from datetime import datetime

from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.responses.addresses import enqueue_receipt
from submissions.responses.answering import ResponseIncomplete, asked_questions, validation_issues
from submissions.responses.colleagues import end_sharing
from submissions.responses.deadlines import applicable_deadline
from submissions.responses.errors import ChangedSinceSeen
from submissions.responses.etags import draft_etag
from submissions.responses.models import Submission, Version
from submissions.responses.states import AccessEnd
from submissions.responses.versions import Content, write_version
from submissions.responses.working_copy import (
    lock_call,
    lock_response,
    refuse_unless_may_submit,
    working_answers,
    working_files,
)

logger = logging.getLogger(__name__)


def submit(*, submission: Submission, at: datetime, expected_etag: str | None = None) -> Version:
    """Take the working copy as evidence received at `at`, and return its version.

    One transaction: lock the response, recheck its state, recheck the deadline on the locked
    call, give a draft its reference, write the immutable version and the row of its
    confirmation. A reopened response gets its next version under the same reference. Asking
    again, from a second tab, or with nothing changed, returns the version that is already there.

    Requests that wait may be handled in another order than they came in. If the response was
    saved by a request that came later than `at`, the version is received at that later moment.

    `expected_etag` is the `draft_etag` of what the author checked, None if that is not known.
    Raises CallClosed or CallNotYetOpen by that moment, ChangedSinceSeen where the working copy was
    changed since, ResponseIncomplete while there are validation issues, ResponseWithdrawn and
    ResponseGone. For a colleague it raises AccessEnded or MayNotSubmit if, once the response is
    locked, they lack that.
    """
    colleague = submission.opened_by
    with transaction.atomic():
        locked = lock_response(submission)
        if not locked.has_working_copy:
            return locked.submitted_version
        refuse_unless_may_submit(colleague)
        call = lock_call(locked.call_id)
        at = max(at, locked.last_touched)
        deadline = applicable_deadline(call, locked, at=at, lock=True)
        content = complete_content(locked, call, expected_etag, needs_answers=True)
        before = locked.current_version
        version = write_version(locked, content, deadline, at=at)
        if version != before:
            enqueue_receipt(version, call, infected=content.is_infected, at=at)
        if colleague is not None:
            record(
                by=None,
                at=at,
                action=AuditAction.COLLEAGUE_SUBMITTED,
                call=call,
                submission=locked,
                colleague=colleague.number,
            )
        end_sharing(locked, AccessEnd.SUBMITTED, at=at)
    logger.info("response %s received", version.submission.reference)
    return version


def complete_content(
    locked: Submission, call: Call, expected_etag: str | None, *, needs_answers: bool
) -> Content:
    """Return what is to be submitted, if it is what was checked and nothing is missing.

    Raises ChangedSinceSeen and ResponseIncomplete.
    """
    answers, files = working_answers(locked, call), working_files(locked, call)
    if expected_etag not in (None, draft_etag(answers, files)):
        raise ChangedSinceSeen
    content = Content(call, asked_questions(call, answers), answers, files)
    counts = {key: len(those) for key, those in files.items()}
    issues = validation_issues(call, answers, counts, needs_answers=needs_answers)
    if issues:
        raise ResponseIncomplete(issues)
    return content
