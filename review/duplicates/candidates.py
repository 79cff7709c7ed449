"""Which responses may be like a new one: those under most of its hashes, out of one index."""

from collections.abc import Collection, Iterable

from django.db import connection

from review.models import Signature
from submissions.responses.states import SubmissionState

LOOKED_AT = 12  # responses, however many are alike
PER_HASH = 60  # rows read of each hash, so that a common phrase costs no more than a rare one
SHARED = 2  # hashes

MOST_SHARED = """
SELECT found.signature_id, count(*) AS shared
FROM unnest(%(hashes)s::bigint[]) AS wanted (hash)
CROSS JOIN LATERAL (
    SELECT signature_id FROM review_shingle WHERE hash = wanted.hash LIMIT %(per_hash)s
) AS found
WHERE found.signature_id <> ALL (%(without)s)
GROUP BY found.signature_id
HAVING count(*) >= %(shared)s
ORDER BY shared DESC, found.signature_id
LIMIT %(looked_at)s
"""


def alike_by_words(hashes: Collection[int], *, without: Collection[int]) -> list[Signature]:
    """Return the signatures that share most hashes, best first; `without` are keys left out."""
    if not hashes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            MOST_SHARED,
            {
                "hashes": list(hashes),
                "without": list(without),
                "per_hash": PER_HASH,
                "shared": SHARED,
                "looked_at": LOOKED_AT,
            },
        )
        keys = [key for key, _shared in cursor.fetchall()]
    return _in_order(keys)


def the_same(*, field: str, value: str, without: int) -> list[Signature]:
    """Return up to three others with this hash in `whole` or `sender`, the earliest first."""
    if not value:
        return []
    those = Signature.objects.filter(
        **{field: value}, submission__state=SubmissionState.SUBMITTED
    ).exclude(submission=without)
    return list(those.order_by("pk")[:3])


def _in_order(keys: Iterable[int]) -> list[Signature]:
    found = Signature.objects.filter(
        pk__in=list(keys), submission__state=SubmissionState.SUBMITTED
    ).select_related("version")
    by_key = {signature.pk: signature for signature in found}
    return [by_key[key] for key in keys if key in by_key]
