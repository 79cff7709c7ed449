"""How far staff are with a response: its status, who has it, and whether it is flagged.

The response's row is locked before any of these changes, so that the record has the changes of
two people in their order. A page carries what it showed, as an etag: where somebody else changed
that meanwhile, the change is refused with their name. `review.bulk` changes many at once.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import AuditEvent, User
from accounts.record import event
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


@dataclass(frozen=True)
class ChangeOfStatus:
    """Sets the status. `reason` is the key of one of the call's reasons to set aside."""

    to: TriageStatus
    by: User
    at: datetime
    reason: str = ""

    def etag(self, response: Submission) -> str:
        return status_etag(response)

    def is_so(self, response: Submission, base_etag: str) -> bool:
        """Whether it has that status already, of the version that the page showed."""
        version = str(response.submitted_version.number)
        wanted = StatusChoice(self.to, self.reason)
        return chosen_status(response) == wanted and base_etag.rpartition(" ")[2] == version

    def what_changed(self, response: Submission, base_etag: str) -> str:
        chosen = chosen_status(response)
        if base_etag.partition(" ")[0] == chosen.key:
            number = response.submitted_version.number
            return f"While this page was open, its author submitted version {number}"
        who = _name(review_of(response).decided_by)
        label = chosen.label(response.call)
        return f"While this page was open, {who} changed the status to “{label}”"

    def make(self, response: Submission) -> AuditEvent | None:
        before, after = chosen_status(response), StatusChoice(self.to, self.reason)
        if before == after:
            return None
        if (self.to == TriageStatus.SET_ASIDE) != bool(self.reason):
            raise ReviewRefused("Choose why it is set aside")
        if self.reason and self.reason not in response.call.set_aside_labels:
            raise ReviewRefused("Choose one of the call’s reasons to set a response aside")
        response.triage_status = self.to
        review = review_of(response)
        review.reason, review.decided_by, review.decided_at = self.reason, self.by, self.at
        return event(
            by=self.by,
            at=self.at,
            action=AuditAction.STATUS_CHANGED,
            call=response.call,
            submission=response,
            before=str(before.status),
            after=str(self.to),
            **({"reason": self.reason} if self.reason else {}),
        )


@dataclass(frozen=True)
class Assignment:
    """Gives the response to `to`, or to nobody."""

    to: User | None
    by: User
    at: datetime

    def etag(self, response: Submission) -> str:
        return assignee_etag(response)

    def is_so(self, response: Submission, base_etag: str) -> bool:
        return review_of(response).assignee_id == (self.to.pk if self.to else None)

    def what_changed(self, response: Submission, base_etag: str) -> str:
        last = (
            AuditEvent.objects.filter(submission=response, action=AuditAction.RESPONSE_ASSIGNED)
            .select_related("actor")
            .first()
        )
        who, to = _name(last.actor if last else None), review_of(response).assignee
        return f"While this page was open, {who} assigned it to {_name(to, 'nobody')}"

    def make(self, response: Submission) -> AuditEvent | None:
        review = review_of(response)
        before, after = review.assignee_id, self.to.pk if self.to else None
        if before == after:
            return None
        if self.to is not None and not may(self.to, Action.CHANGE_STATUS, response.call_id):
            raise ReviewRefused(f"{self.to.get_username()} may not change the status in this call")
        review.assignee = self.to
        return event(
            by=self.by,
            at=self.at,
            action=AuditAction.RESPONSE_ASSIGNED,
            call=response.call,
            submission=response,
            before=before,
            after=after,
        )


@dataclass(frozen=True)
class Flagging:
    """Marks the response for everybody of the call, or takes the mark away."""

    flagged: bool
    by: User
    at: datetime

    def etag(self, response: Submission) -> str:
        return ""

    def is_so(self, response: Submission, base_etag: str) -> bool:
        return False

    def what_changed(self, response: Submission, base_etag: str) -> str:
        return ""

    def make(self, response: Submission) -> AuditEvent | None:
        review = review_of(response)
        if review.flagged == self.flagged:
            return None
        review.flagged = self.flagged
        return event(
            by=self.by,
            at=self.at,
            action=AuditAction.RESPONSE_FLAGGED,
            call=response.call,
            submission=response,
            flagged=self.flagged,
        )


Change = ChangeOfStatus | Assignment | Flagging


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

    Raises ReviewRefused unless the response is submitted (staff may not read drafts, and a
    withdrawn response is not read any more), and for “set aside” without one of the call's
    reasons. Raises ReviewOutdated if `base_etag` is given and is not its `status_etag` any more.
    """
    return _change(submission, ChangeOfStatus(to, by, at, reason), base_etag=base_etag)


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
    return _change(submission, Assignment(to, by, at), base_etag=base_etag)


def flag(submission: Submission, *, flagged: bool, by: User, at: datetime) -> bool:
    """Mark the response for everybody of the call, or take the mark away; False if it is so.

    Raises ReviewRefused unless the response is submitted.
    """
    return _change(submission, Flagging(flagged, by, at), base_etag=None)


def apply(change: Change, locked: Submission, base_etag: str | None) -> AuditEvent | None:
    """Make the change to the rows in memory, for who has locked the response and saves them.

    Returns the event to record, None where it is so already, as at a second press. Raises what
    `change_status` does.
    """
    if locked.state != SubmissionState.SUBMITTED:
        raise ReviewRefused(f"{locked} is not among the submitted responses")
    is_outdated = base_etag is not None and base_etag != change.etag(locked)
    if is_outdated and not change.is_so(locked, base_etag or ""):
        raise ReviewOutdated(change.what_changed(locked, base_etag or ""))
    return change.make(locked)


def _change(submission: Submission, change: Change, *, base_etag: str | None) -> bool:
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        happened = apply(change, locked, base_etag)
        if happened is None:
            return False
        locked.save(update_fields=["triage_status"])
        locked.review.save()
        happened.save(force_insert=True)
    submission.triage_status, submission.review = locked.triage_status, locked.review
    return True


def review_of(submission: Submission) -> Review:
    """Return what staff did of the response so far; an empty row if that is nothing.

    No query where the response was read with `select_related("review")`.
    """
    if getattr(submission, "review", None) is None:
        submission.review = Review(submission=submission)
    return submission.review


def chosen_status(submission: Submission) -> StatusChoice:
    return StatusChoice(TriageStatus(submission.triage_status), review_of(submission).reason)


def status_choices(call: Call) -> list[tuple[StatusChoice, str]]:
    """Return each choice with its label: the statuses, and each reason to set aside."""
    plain = [StatusChoice(each) for each in TriageStatus if each != TriageStatus.SET_ASIDE]
    reasons = [StatusChoice(TriageStatus.SET_ASIDE, key) for key in call.set_aside_labels]
    return [(choice, choice.label(call)) for choice in [*plain, *reasons]]


def say_reason(reason: str, call: Call) -> str:
    """Return the label of the reason; of one that the call has no more, the words of its key."""
    return call.set_aside_labels.get(reason, reason.replace("_", " "))


def status_etag(submission: Submission) -> str:
    """Return what a page shows of the response where its status can be changed."""
    return f"{chosen_status(submission).key} {submission.submitted_version.number}"


def assignee_etag(submission: Submission) -> str:
    """Return what a page shows of the response where it can be assigned."""
    return str(review_of(submission).assignee_id or "")


def _name(person: User | None, otherwise: str = "somebody else") -> str:
    return person.get_username() if person else otherwise
