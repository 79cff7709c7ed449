"""What the team writes in a cell of the matrix. Each wording is kept; the latest holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.forgetting import ERASED, Ending, has_words_of
from review.coding.locking import lock_codes
from review.coding.samples import to_code_blind
from review.errors import CodingRefused
from review.models import Code, MatrixSummary
from submissions.calls.models import Call

LONGEST = 5_000


@dataclass(frozen=True)
class Cell:
    """Where a summary stands: both are empty for all responses under the code."""

    across: str
    option: str


class SummaryConflict(Exception):
    """Somebody else wrote in the cell while the page was open."""

    def __init__(self, latest: MatrixSummary) -> None:
        super().__init__()
        self.latest = latest


def latest_summaries(call: Call) -> dict[tuple[int, Cell], MatrixSummary]:
    """Return, by code and cell, the summary that holds; not one that was emptied."""
    rows = MatrixSummary.objects.filter(call=call).order_by("number").select_related("by", "code")
    latest = {(row.code_id, Cell(row.across, row.option)): row for row in rows}
    return {where: row for where, row in latest.items() if row.text}


def by_cell(
    latest: Mapping[tuple[int, Cell], MatrixSummary],
) -> dict[tuple[int, Cell], list[MatrixSummary]]:
    """Return, by code and cell, its summary first, then those of codes merged into the code."""
    found: dict[tuple[int, Cell], list[MatrixSummary]] = {}
    for (_, cell), row in sorted(
        latest.items(), key=lambda one: (one[1].code.merged_into_id or 0, one[1].code.name)
    ):
        found.setdefault((row.code.merged_into_id or row.code_id, cell), []).append(row)
    return found


def summaries_of(code: Code, cell: Cell) -> QuerySet[MatrixSummary]:
    """Return all wordings of the cell's summary, the latest first."""
    rows = MatrixSummary.objects.filter(code=code, across=cell.across, option=cell.option)
    return rows.select_related("by").order_by("-number")


def of_merged(code: Code, cell: Cell) -> tuple[list[MatrixSummary], list[MatrixSummary]]:
    """Return what holds in the same cell of codes that were merged into this one.

    And what no longer holds of these, the latest first.
    """
    rows = MatrixSummary.objects.filter(
        code__merged_into=code, across=cell.across, option=cell.option
    )
    wordings = list(rows.select_related("by", "code").order_by("number"))
    last = {row.code_id: row for row in wordings}
    standing = [row for row in last.values() if row.text]
    earlier = [row for row in wordings if row.text and row not in standing]
    return standing, sorted(earlier, key=lambda row: (row.at, row.pk), reverse=True)


def sees_summaries(reader: User, call: Call) -> bool:
    """Return whether the reader may see what others wrote: not while they code a blind sample."""
    return not to_code_blind(reader).filter(sample__call=call).exists()


def write_summary(
    code: Code, cell: Cell, *, text: str, expected: int, by: User, at: datetime
) -> MatrixSummary | None:
    """Write a new wording in the cell, and put on record that it is there.

    `expected` is the number of the wording that the writer saw, 0 for none. The same words again
    write nothing. Raises SummaryConflict where somebody wrote since, CodingRefused for who may not
    code or codes a blind sample, words for a code that was merged, whose summary can only be
    emptied, and a text that is too long.
    """
    if not may(by, Action.CODE, code.call_id):
        raise CodingRefused("You may not write in this matrix")
    if not sees_summaries(by, code.call):
        raise CodingRefused("You code a blind sample: you may write when you are done with it")
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > LONGEST:
        raise CodingRefused(f"Write at most {LONGEST:,} characters")
    with transaction.atomic():
        lock_codes(Code.objects.filter(pk=code.pk))
        code.refresh_from_db()
        if code.merged_into_id is not None and text:
            raise CodingRefused("This code has been merged into another one")
        latest = summaries_of(code, cell).first()
        number = latest.number if latest else 0
        if text == (latest.text if latest else ""):
            return latest  # also at a second press
        if latest is not None and number != expected:
            raise SummaryConflict(latest)
        written = MatrixSummary.objects.create(
            call=code.call,
            code=code,
            across=cell.across,
            option=cell.option,
            number=number + 1,
            text=text,
            by=by,
            at=at,
        )
        record(
            by=by,
            at=at,
            action=AuditAction.MATRIX_SUMMARISED,
            call=code.call,
            code=code.pk,
            across=cell.across,
            option=cell.option,
            number=written.number,
        )
    return written


def forget_summaries(call: Call, ending: Ending) -> None:
    """Empty the summaries with one of the names, or that quote the texts; earlier wordings, too.

    A page that showed one that holds is outdated: saved, it would put the words back. Call it with
    the call's codes locked: summaries are written under the lock of their code.
    """
    holding = {row.pk for row in latest_summaries(call).values()}
    for row in MatrixSummary.objects.filter(call=call).exclude(text="").order_by("pk"):
        if has_words_of(row.text, ending):
            number = row.number + 1 if row.pk in holding else row.number
            MatrixSummary.objects.filter(pk=row.pk).update(text=ERASED, number=number)
