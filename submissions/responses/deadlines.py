"""The deadline: which one applies to a response, and whether a moment is before it.

The database checks the same rule by `submissions_version_before_deadline` and
`submissions_version_deadline_applied`.
"""

from dataclasses import dataclass
from datetime import datetime

from submissions.calls.models import Call
from submissions.responses.errors import CallClosed, CallNotYetOpen
from submissions.responses.models import LatePass, Submission
from submissions.responses.states import Timing


@dataclass(frozen=True)
class ApplicableDeadline:
    """The deadline (aware) before which a response may be submitted, and which kind it is."""

    timing: Timing
    deadline: datetime
    late_pass: LatePass | None = None


def refuse_unless_open(call: Call, at: datetime) -> None:
    """Raise CallNotYetOpen or CallClosed unless `opens_at <= at < closes_at`."""
    if at < call.opens_at:
        raise CallNotYetOpen(at=at, closes_at=call.closes_at)
    if not call.is_open_at(at):
        raise CallClosed(at=at, closes_at=call.closes_at)


def applicable_deadline(
    call: Call, submission: Submission, *, at: datetime, lock: bool = False
) -> ApplicableDeadline:
    """Return the deadline that `at` is before; raise CallNotYetOpen or CallClosed.

    Before closing everybody is on time. After closing, a draft that was begun before closing has
    the call's grace period, and so has what came another way. A response with a late pass has until
    the pass expires.

    With `lock`, inside a transaction, nobody can revoke the pass until the transaction ends.
    """
    if at < call.closes_at:
        refuse_unless_open(call, at)
        return ApplicableDeadline(Timing.ON_TIME, call.closes_at)
    begun = submission.started_at < call.closes_at or submission.is_entered
    if at < call.grace_ends_at and submission.is_draft and begun:
        return ApplicableDeadline(Timing.GRACE, call.grace_ends_at)
    passes = LatePass.objects.select_for_update() if lock else LatePass.objects.all()
    late_pass = passes.live_at(at).filter(submission=submission).first()
    if late_pass is not None:
        return ApplicableDeadline(Timing.LATE_PASS, late_pass.expires_at, late_pass)
    raise CallClosed(at=at, closes_at=call.closes_at)


def extra_time_ended(call: Call, submission: Submission, *, at: datetime) -> datetime | None:
    """Return when the last extra time of the response ended, None if it had none.

    That is the end of a late pass that nobody used or revoked, or of a draft's grace period.
    """
    unused = submission.late_passes.filter(used_at=None, revoked_at=None)
    over = unused.filter(expires_at__gt=call.closes_at, expires_at__lte=at)
    ends = list(over.values_list("expires_at", flat=True))
    if submission.is_draft and submission.started_at < call.closes_at < call.grace_ends_at <= at:
        ends.append(call.grace_ends_at)
    return max(ends, default=None)


def may_submit(call: Call, submission: Submission, *, at: datetime) -> bool:
    """Return whether the response could be submitted at `at`; no query before closing."""
    try:
        applicable_deadline(call, submission, at=at)
    except (CallClosed, CallNotYetOpen):
        return False
    return True
