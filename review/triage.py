"""How far staff are with a response: its status, who has it, and whether it is flagged.

The response's row is locked before any of these changes, so that the record has the changes of
two people in their order. A page carries what it showed, as an etag: where somebody else changed
that meanwhile, the change is refused with their name.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.errors import ReviewOutdated, ReviewRefused
from review.models import Review
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus


@dataclass(frozen=True)
class StatusChoice:
    """A status and, of “set aside”, the reason; `key` is what a form posts."""

    status: TriageStatus
    reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.status}.{self.reason}" if self.reason else str(self.status)

    @classmethod
    def read(cls, key: str) -> "StatusChoice | None":
        """Return the choice that a form posted, None for what is no status."""
        status, _, reason = key.partition(".")
        return cls(TriageStatus(status), reason) if status in TriageStatus.values else None

    def label(self, call: Call) -> str:
        """For instance “Considered”, or “Set aside: Sent as a test”."""
        said = str(self.status.label)
        return f"{said}: {say_reason(self.reason, call)}" if self.reason else said


def say_reason(reason: str, call: Call) -> str:
    """Return the label of the reason; of one that the call has no more, the words of its key."""
    return call.set_aside_labels.get(reason, reason.replace("_", " "))


def status_choices(call: Call) -> list[tuple[StatusChoice, str]]:
    """Return each choice with its label: the statuses, and each reason to set aside."""
    plain = [StatusChoice(each) for each in TriageStatus if each != TriageStatus.SET_ASIDE]
    reasons = [StatusChoice(TriageStatus.SET_ASIDE, key) for key in call.set_aside_labels]
    return [(choice, choice.label(call)) for choice in [*plain, *reasons]]


def review_of(submission: Submission) -> Review:
    """Return what staff did of the response so far; an empty row if that is nothing.

    No query where the response was read with `select_related("review")`.
    """
    return getattr(submission, "review", None) or Review(submission=submission)


def chosen_status(submission: Submission) -> StatusChoice:
    return StatusChoice(TriageStatus(submission.triage_status), review_of(submission).reason)


def status_etag(submission: Submission) -> str:
    """Return what a page shows of the response where its status can be changed."""
    return f"{chosen_status(submission).key} {submission.submitted_version.number}"


def assignee_etag(submission: Submission) -> str:
    """Return what a page shows of the response where it can be assigned."""
    return str(review_of(submission).assignee_id or "")


def change_status(
    submission: Submission,
    *,
    to: TriageStatus,
    by: User,
    at: datetime,
    reason: str = "",
    base_etag: str | None = None,
) -> bool:
    """Set the status and put the change on record, in one transaction; False if nothing changed.

    `reason` is the key of one of the call's reasons to set a response aside.
    Raises ReviewRefused unless the response is submitted (staff may not read drafts, and a
    withdrawn response is not read any more), and for “set aside” without a reason. Raises
    ReviewOutdated if `base_etag` is given and is not the response's `status_etag` any more.
    """
    with transaction.atomic():
        locked = _lock(submission)
        if base_etag is not None and base_etag != status_etag(locked):
            raise ReviewOutdated(_what_changed(locked, base_etag))
        before, after = chosen_status(locked), StatusChoice(to, reason)
        if before == after:
            return False
        if (to == TriageStatus.SET_ASIDE) != bool(reason):
            raise ReviewRefused("Choose why it is set aside")
        if reason and reason not in locked.call.set_aside_labels:
            raise ReviewRefused("Choose one of the call’s reasons to set a response aside")
        locked.triage_status = to
        locked.save(update_fields=["triage_status"])
        _save(locked, reason=reason, decided_by=by, decided_at=at)
        reasons = {"reason": reason} if reason else {}
        record(
            by=by,
            at=at,
            action=AuditAction.STATUS_CHANGED,
            call=locked.call,
            submission=locked,
            before=str(before.status),
            after=str(to),
            **reasons,
        )
    submission.triage_status = to
    submission.review = locked.review
    return True


def assign(
    submission: Submission,
    *,
    to: User | None,
    by: User,
    at: datetime,
    base_etag: str | None = None,
) -> bool:
    """Give the response to a member of the call, or to nobody; False if nothing changed.

    Raises ReviewRefused unless the response is submitted and `to` may change its status. Raises
    ReviewOutdated if `base_etag` is given and is not the response's `assignee_etag` any more.
    """
    with transaction.atomic():
        locked = _lock(submission)
        if base_etag is not None and base_etag != assignee_etag(locked):
            raise ReviewOutdated(_who_assigned(locked))
        before = review_of(locked).assignee_id
        if before == (to.pk if to else None):
            return False
        if to is not None and not may(to, Action.CHANGE_STATUS, locked.call_id):
            raise ReviewRefused(f"{to.get_username()} may not change the status in this call")
        _save(locked, assignee=to)
        record(
            by=by,
            at=at,
            action=AuditAction.RESPONSE_ASSIGNED,
            call=locked.call,
            submission=locked,
            before=before,
            after=to.pk if to else None,
        )
    submission.review = locked.review
    return True


def flag(submission: Submission, *, flagged: bool, by: User, at: datetime) -> bool:
    """Mark the response for everybody of the call, or take the mark away; False if it is so.

    Raises ReviewRefused unless the response is submitted.
    """
    with transaction.atomic():
        locked = _lock(submission)
        if review_of(locked).flagged == flagged:
            return False
        _save(locked, flagged=flagged)
        record(
            by=by,
            at=at,
            action=AuditAction.RESPONSE_FLAGGED,
            call=locked.call,
            submission=locked,
            flagged=flagged,
        )
    submission.review = locked.review
    return True


def _lock(submission: Submission) -> Submission:
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if locked.state != SubmissionState.SUBMITTED:
        raise ReviewRefused(f"{locked} is not among the submitted responses")
    return locked


def _save(locked: Submission, **changes: Any) -> None:
    """Save the changes to the row beside the response, whose own row is locked."""
    review = review_of(locked)
    for name, value in changes.items():
        setattr(review, name, value)
    review.save()
    locked.review = review


def _what_changed(submission: Submission, base_etag: str) -> str:
    chosen = chosen_status(submission)
    if base_etag.partition(" ")[0] == chosen.key:
        number = submission.submitted_version.number
        return f"While this page was open, its author submitted version {number}"
    last = review_of(submission).decided_by
    who = last.get_username() if last else "somebody else"
    label = chosen.label(submission.call)
    return f"While this page was open, {who} changed the status to “{label}”"


def _who_assigned(submission: Submission) -> str:
    event = (
        AuditEvent.objects.filter(submission=submission, action=AuditAction.RESPONSE_ASSIGNED)
        .select_related("actor")
        .first()
    )
    who = event.actor.get_username() if event and event.actor else "somebody else"
    assignee = review_of(submission).assignee
    to = assignee.get_username() if assignee else "nobody"
    return f"While this page was open, {who} assigned it to {to}"
