"""What a restored backup has to be told, as the database of now knows it: a row for each thing.

    erasures      `erasing.as_tombstone`
    withdrawals   {"reference": "RTR-4K7P-9WXM", "withdrawn_at": "2019-07-23T10:00:00+00:00"}
    all others    {"reference": "RTR-4K7P-9WXM", "version": 2, "hidden": 1}

Of the last a restore can only tell what it lacks: a response, a version, hidden words.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet

from personal_data.erasing import as_tombstone
from review.states import LIVE_REDACTIONS
from submissions.responses.models import ErasureRequest, Submission
from submissions.responses.states import SubmissionState

HIDDEN = Q(current_version__redactions__state__in=LIVE_REDACTIONS)


def rows() -> Iterator[dict[str, Any]]:
    """Yield what there is to tell now. None of it holds an answer or who gave it."""
    requests = ErasureRequest.objects.carried_out().select_related(
        "call", "submission", "entered_by", "decided_by"
    )
    for request in requests.order_by("pk"):
        yield as_tombstone(request)
    withdrawn: QuerySet[Any] = Submission.objects.filter(state=SubmissionState.WITHDRAWN)
    for one in withdrawn.order_by("pk"):
        yield {"reference": one.reference, "withdrawn_at": one.withdrawn_at.isoformat()}
    for one in standing().iterator(chunk_size=1_000):
        version = one.submitted_version.number
        yield {"reference": one.reference, "version": version, "hidden": one.hidden}


def standing() -> QuerySet[Any]:
    """Return the submitted responses with their versions, and how many passages are `hidden`."""
    hidden = Count("current_version__redactions", filter=HIDDEN)
    responses = Submission.objects.submitted().select_related("current_version")
    read = ("reference", "channel", "current_version__number", "current_version__received_at")
    return responses.only(*read).annotate(hidden=hidden).order_by("pk")


def newest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest of the rows that tell of the same, whichever list was read last.

    There is no way back from a withdrawal, and versions count up. Of two alike the last one stays.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = _key_of(row)
        if _rank(row) >= _rank(found.get(key, row)):
            found[key] = row
    return list(found.values())


def is_erasure(row: dict[str, Any]) -> bool:
    return "request" in row


def _key_of(row: dict[str, Any]) -> tuple[str, str]:
    """Return what two lists that tell of the same have in common."""
    if is_erasure(row):
        return "erasure", row["request"]
    return "response", row["reference"]


def _rank(row: dict[str, Any]) -> tuple[bool, int]:
    return "withdrawn_at" in row, row.get("version", 0)
