"""The status of a response: how far project staff have read it."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from review.errors import StatusRefused
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus


def change_status(submission: Submission, *, to: TriageStatus, by: User, at: datetime) -> bool:
    """Set the status and put the change on record, in one transaction; False if nothing changed.

    The row is locked first, so that the record has the changes of two people in their order.
    Raises StatusRefused unless the response is submitted: staff may not read drafts, and a
    withdrawn response is not read any more.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.state != SubmissionState.SUBMITTED:
            raise StatusRefused(f"{locked} is not a submitted response")
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
