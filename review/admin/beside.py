"""What a response has beside it. Its page fetches the rest only where there is any."""

from django.db.models import Exists, Manager, Model, OuterRef, QuerySet

from review.models import ClusterMember, Memo, Note, Quote, Redaction, SampledResponse
from submissions.responses.models import ErasureRequest, Submission

NOTES, MEMOS, ALIKE, ERASURE = "has_notes", "has_memos", "has_alike", "has_erasure"
ASKED = "has_asked"  # a column of the list, `review.asking.marks`
QUOTES, REDACTIONS, OPEN_SAMPLE = "has_quotes", "has_redactions", "has_open_sample"


def with_what_is_beside(responses: QuerySet[Submission]) -> QuerySet[Submission]:
    """Return them with the columns that `may_have` asks, in the query that fetches them."""
    return responses.annotate(
        **{
            NOTES: _any(Note.objects),
            MEMOS: _any(Memo.objects),
            ALIKE: _any(ClusterMember.objects),
            ERASURE: _any(ErasureRequest.objects.carried_out()),
            OPEN_SAMPLE: _any(SampledResponse.objects.filter(sample__closed_at=None)),
            QUOTES: _any(Quote.objects, path="version__submission"),
            REDACTIONS: _any(Redaction.objects, path="version__submission"),
        }
    )


def may_have(response: Submission, what: str) -> bool:
    """Return False only for a response that was fetched with the column, and has none."""
    return getattr(response, what, True)


def _any(rows: Manager | QuerySet[Model], *, path: str = "submission") -> Exists:
    return Exists(rows.filter(**{path: OuterRef("pk")}))
