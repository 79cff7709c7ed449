"""What each step of a redaction does first and last: lock it, end it, put it on record."""

from datetime import datetime

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from review.errors import RedactionRefused
from review.models import Redaction
from review.states import RedactionState
from submissions.responses.models import Submission

MOST_WORDS = 500  # characters of why it is refused or taken back


def one_line(words: str) -> str:
    """Return what somebody wrote in one line, without NUL, which the database does not store."""
    return " ".join(words.replace("\0", "").split())


def lock_response(submission: int) -> Submission:
    """Lock the response, as whoever erases or amends it does first."""
    return Submission.objects.select_for_update(no_key=True).get(pk=submission)


def lock_one(redaction: Redaction) -> Redaction:
    """Lock the response, as each step of each of its redactions does; return this one as it is.

    Raises RedactionRefused where the response has been erased.
    """
    lock_response(redaction.version.submission_id)
    rows = Redaction.objects.filter(pk=redaction.pk)
    locked = rows.select_related(
        "call",
        "version__submission",
        "question",
        "file_text__attachment",
        "proposed_by",
        "decided_by",
        "back_asked_by",
        "taken_back_by",
    ).first()
    if locked is None:
        raise RedactionRefused("The response has been erased")
    return locked


def end(locked: Redaction, *, by: User, at: datetime) -> None:
    locked.state = RedactionState.TAKEN_BACK
    locked.taken_back_by, locked.taken_back_at = by, at
    locked.save(update_fields=["state", "taken_back_by", "taken_back_at"])
    put_on_record(locked, AuditAction.REDACTION_TAKEN_BACK, by=by, at=at)


def said_of(locked: Redaction) -> str:
    """Return who brought the redaction into the state in which it is."""
    by = locked.taken_back_by or locked.decided_by
    said = {
        RedactionState.PROPOSED: "It waits for approval and hides nothing yet",
        RedactionState.APPROVED: f"{by} approved it already",
        RedactionState.LOST: f"{by} approved it already",
        RedactionState.REFUSED: f"{by} refused it already",
        RedactionState.TAKEN_BACK: f"{by} took it back already",
    }
    return said[RedactionState(locked.state)]


def put_on_record(redaction: Redaction, action: AuditAction, *, by: User, at: datetime) -> None:
    """Put it on record without the words: where they stand, and the reason from the list."""
    file = redaction.file_text and str(redaction.file_text.attachment.public_id)
    record(
        by=by,
        at=at,
        action=action,
        call=redaction.call,
        submission=redaction.version.submission,
        redaction=redaction.pk,
        version=redaction.version.number,
        question=redaction.question.key,
        passage=[redaction.start, redaction.end],
        reason=redaction.reason,
        **({"file": file} if file else {}),
    )
