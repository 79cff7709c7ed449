"""The status of a response: how far project staff have read it."""

from datetime import datetime

from django.db import transaction

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.states import AuditAction
from review.errors import StatusOutdated, StatusRefused
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus


def status_etag(submission: Submission) -> str:
    """Return what a page shows of the response where its status can be changed."""
    return f"{submission.triage_status} {submission.submitted_version.number}"


def change_status(
    submission: Submission,
    *,
    to: TriageStatus,
    by: User,
    at: datetime,
    base_etag: str | None = None,
) -> bool:
    """Set the status and put the change on record, in one transaction; False if nothing changed.

    The row is locked first, so that the record has the changes of two people in their order.
    Raises StatusRefused unless the response is submitted: staff may not read drafts, and a
    withdrawn response is not read any more. Raises StatusOutdated if `base_etag` is given and is
    not the response's `status_etag` any more.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.state != SubmissionState.SUBMITTED:
            raise StatusRefused(f"{locked} is not a submitted response")
        if base_etag is not None and base_etag != status_etag(locked):
            raise StatusOutdated(_what_changed(locked, base_etag))
        before = locked.triage_status
        if before == to:
            return False
        locked.triage_status = to
        locked.save(update_fields=["triage_status"])
        record(
            by=by,
            at=at,
            action=AuditAction.STATUS_CHANGED,
            call=locked.call,
            submission=locked,
            before=before,
            after=str(to),
        )
    submission.triage_status = to
    return True


def _what_changed(submission: Submission, base_etag: str) -> str:
    if base_etag.partition(" ")[0] == submission.triage_status:
        number = submission.submitted_version.number
        return f"While this page was open, its author submitted version {number}"
    last = (
        AuditEvent.objects.filter(submission=submission, action=AuditAction.STATUS_CHANGED)
        .select_related("actor")
        .first()
    )
    who = last.actor.get_username() if last and last.actor else "somebody else"
    label = TriageStatus(submission.triage_status).label
    return f"While this page was open, {who} changed the status to “{label}”"
