"""Submitting: one transaction turns a draft into a received response."""

import logging
from datetime import datetime

import psycopg2
from django.db import IntegrityError, transaction

from accounts.models import User
from core.references import make_reference
from submissions.calls.models import Call
from submissions.responses.addresses import (
    enqueue_infected,
    enqueue_receipt,
    given_for_links,
    known_addresses,
)
from submissions.responses.answering import asked_questions, validation_issues
from submissions.responses.colleagues import end_as_submitted
from submissions.responses.deadlines import ApplicableDeadline, applicable_deadline
from submissions.responses.errors import (
    ChangedSinceSeen,
    NoFreeReference,
    ResponseIncomplete,
)
from submissions.responses.etags import draft_etag
from submissions.responses.models import (
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.states import SubmissionState
from submissions.responses.versions import Content, build_version, says_the_same
from submissions.responses.working_copy import (
    files_by_key,
    lock_call,
    lock_response,
    refuse_unless_may_submit,
    working_answers,
)

logger = logging.getLogger(__name__)
REFERENCE_TRIES = 20
REFERENCE_TAKEN = "submissions_submission_reference_key"


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
    with transaction.atomic():
        locked = lock_response(submission)
        if not locked.has_working_copy:
            return locked.submitted_version
        refuse_unless_may_submit(submission.opened_by)
        call = lock_call(locked.call_id)
        at = max(at, locked.last_touched)
        deadline = applicable_deadline(call, locked, at=at, lock=True)
        content = complete_content(locked, call, expected_etag, needs_answers=True)
        for_links = given_for_links(locked)
        earlier = known_addresses(locked, call, for_links=for_links)
        before = locked.current_version
        version = write_version(locked, content, deadline, at=at)
        if version != before:
            enqueue_receipt(version, call, at=at, earlier=earlier, for_links=for_links)
            if content.attached:
                enqueue_infected(version, call, at=at)
        end_as_submitted(locked, by=submission.opened_by, at=at)
    logger.info("response %s received", version.submission.reference)
    return version


def complete_content(
    locked: Submission, call: Call, expected_etag: str | None, *, needs_answers: bool
) -> Content:
    """Return what is to be submitted, if it is what was checked and nothing is missing.

    Raises ChangedSinceSeen and ResponseIncomplete.
    """
    answers = working_answers(locked, call)
    attachments = list(locked.attachments.filter(removed_at=None, question__isnull=False))
    files = files_by_key(call, attachments)
    if expected_etag not in (None, draft_etag(answers, attachments)):
        raise ChangedSinceSeen
    content = Content(call, asked_questions(call, answers), answers, files)
    counts = {key: len(those) for key, those in files.items()}
    issues = validation_issues(call, answers, counts, needs_answers=needs_answers)
    if issues:
        raise ResponseIncomplete(issues)
    return content


def write_version(
    locked: Submission,
    content: Content,
    deadline: ApplicableDeadline,
    *,
    at: datetime,
    entered_by: User | None = None,
) -> Version:
    """Write the next version, and return it; the current one where nothing changed since.

    The first one gets a reference that no other response has. The unique column tells that a
    reference is taken; looking first would not, as two transactions may draw one code at once. The
    savepoint keeps the transaction alive for the next try. Raises NoFreeReference.
    """
    current = locked.current_version
    number = 1 if current is None else current.number + 1
    for _ in range(REFERENCE_TRIES):
        if current is None:
            locked.reference = make_reference(content.call.reference_prefix)
            locked.submitted_at = at
        version, identity = build_version(
            locked,
            content,
            reference=str(locked.reference),
            number=number,
            deadline=deadline,
            at=at,
        )
        version.entered_by = entered_by
        if current is not None and says_the_same(current, version, identity, content):
            locked.amending_since = None
            locked.save_locked("amending_since")
            return current
        try:
            with transaction.atomic():
                _save_version(locked, version, identity, content, deadline)
        except IntegrityError as error:
            refusal = error.__cause__
            if not isinstance(refusal, psycopg2.Error):
                raise
            if refusal.diag.constraint_name != REFERENCE_TAKEN:
                raise
        else:
            return version
    raise NoFreeReference(content.call.reference_prefix)


def _save_version(
    locked: Submission,
    version: Version,
    identity: VersionIdentity,
    content: Content,
    deadline: ApplicableDeadline,
) -> None:
    version.pk = identity.pk = None
    version.save(force_insert=True)
    identity.version = version
    identity.save(force_insert=True)
    if content.attached:
        version.attachments.add(*content.attached)
    locked.state = SubmissionState.SUBMITTED
    locked.current_version = version
    locked.amending_since = None
    locked.save_locked("reference", "state", "submitted_at", "current_version", "amending_since")
    if deadline.late_pass is not None:
        deadline.late_pass.used_at = version.received_at
        deadline.late_pass.used_for = version
        deadline.late_pass.save(update_fields=["used_at", "used_for"])
