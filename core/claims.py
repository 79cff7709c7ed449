"""Work that waits in the rows of a table, each row for one worker at a time.

    waiting -> claimed -> finished
                       -> waiting (released: its worker died, or could not finish)

A worker claims rows, commits the claim, does the work outside any transaction, and finishes each
row. A claim is known by its moment: whoever finishes a row says which claim it finishes, so a
worker that was thought dead cannot undo what its successor did.

Claims go by real time (`wall_now`), so that a rehearsal's moved clock ends no claim.
"""

from datetime import datetime
from typing import ClassVar, TypeVar

from django.db import models, transaction
from django.db.models import F, QuerySet


class Claimable(models.Model):
    """A model whose rows workers claim. It has a field `state`; CLAIMED is its word for claimed."""

    CLAIMED: ClassVar[str]
    state: "models.CharField[str, str]"

    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, help_text="Real time.")

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Claimable)


def claim(due: QuerySet[Row], *, limit: int, wall_now: datetime) -> list[Row]:
    """Claim the first `limit` rows of `due`, count the attempt, and return them.

    Rows that another worker is claiming are passed over (SKIP LOCKED), so two workers never claim
    one row. The claim is committed on return unless the caller is in a transaction.
    """
    with transaction.atomic():
        locking = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        rows = list(locking[:limit])
        for row in rows:
            row.state = row.CLAIMED
            row.claimed_at = wall_now
            row.attempts += 1
        due.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(
            state=due.model.CLAIMED, claimed_at=wall_now, attempts=F("attempts") + 1
        )
    return rows


def claimed_row(row: Row) -> QuerySet[Row]:
    """Return the row as a query, which finds nothing once another claim has taken its place.

    Finish a row by `claimed_row(row).update(state=...)`: 0 means that the claim was lost.
    """
    return type(row)._default_manager.filter(
        pk=row.pk, state=row.CLAIMED, claimed_at=row.claimed_at
    )


def renew(row: Claimable, *, wall_now: datetime) -> bool:
    """Begin the claim anew, for work that takes longer than a claim lasts; False if it was lost."""
    if not claimed_row(row).update(claimed_at=wall_now):
        return False
    row.claimed_at = wall_now
    return True


def claimed_until(rows: QuerySet[Row], moment: datetime) -> QuerySet[Row]:
    """Return the rows claimed at or before `moment` and not finished since: candidates to release.

    Release each by `claimed_row(row).update(...)`, so that a worker that finishes meanwhile wins.
    """
    return rows.filter(state=rows.model.CLAIMED, claimed_at__lte=moment)
