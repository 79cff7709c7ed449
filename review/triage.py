"""How far the project's staff have read a response."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from review.errors import StatusRefused
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus


def change_status(
    submission: Submission, *, to: TriageStatus, by: AbstractBaseUser, at: datetime
) -> bool:
    """Set the status and put it on record, in one transaction; False if it was that already.

    The row is locked first, so that two people's changes are both on record in their order.
    Raises StatusRefused unless the response is submitted: a draft is not ours to read, and a
    withdrawn response is no longer read.
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
