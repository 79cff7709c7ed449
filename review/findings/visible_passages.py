"""Which passages of findings a reader sees."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from core.canonical import digest
from review.coding.samples import blind_to
from review.models import Finding, FindingPassage
from submissions.responses.states import SubmissionState


def seen_by(passages: QuerySet[FindingPassage], reader: User) -> QuerySet[FindingPassage]:
    """Leave out what others chose of responses that the reader codes blind."""
    hidden = Exists(blind_to(reader).filter(submission=OuterRef("version__submission")))
    return passages.filter(Q(by=reader) | ~hidden)


def shown_with(finding: Finding, reader: User) -> QuerySet[FindingPassage]:
    """Return those that the page of the finding shows: no withdrawn or erased response is there."""
    shown = seen_by(finding.passages.all(), reader)
    return shown.filter(version__submission__state=SubmissionState.SUBMITTED)


def etag_of_passages(finding: Finding, reader: User) -> str:
    rows = shown_with(finding, reader).order_by("pk").values_list("pk", "stance", "quote")
    return digest("\n".join(f"{key}:{stance}:{quote}" for key, stance, quote in rows))[:12]
