"""A page of responses for programs: each with what its latest change makes of it.

A copy elsewhere keeps the last line of each reference. `change` says what that is:

- `response`: the response, as every export of this scope has it.
- `withheld`: the bare row of a confidential response. Whoever holds more has to delete it.
- `withdrawn`, `erased`, `left`: there is nothing to hold any more. `left`: it no longer is among
  those that the filter or the token's scope name.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.safe_cells import neutralise
from exports.all_columns import free_name
from exports.changes import Changed, changed_in
from exports.export_context import ExportContext
from exports.formats import FileFormat
from exports.queries import records, used_codes
from exports.types import Dataset, Pieces, Record
from exports.writers import csv_file, json_lines

LINES_AT_ONCE = 100
RESPONSE, WITHHELD, LEFT = "response", "withheld", "left"
LEADING = ("change", "changed_at")


@dataclass(frozen=True)
class Line:
    """One response of the page: its record, or how and when it ended."""

    changed: Changed
    change: str
    at: datetime
    record: Record | None = None


def json_format(*, first_upto: int) -> FileFormat:
    return FileFormat(
        "json",
        "JSON lines",
        ".jsonl",
        json_lines.CONTENT_TYPE,
        lambda context: _in_pieces(context, _json_lines(context, first_upto)),
        broken_off=json_lines.BROKEN_OFF,
    )


def csv_format(*, first_upto: int) -> FileFormat:
    return FileFormat(
        "csv",
        "CSV",
        ".csv",
        csv_file.CONTENT_TYPE,
        lambda context: _in_pieces(context, _csv_rows(context, first_upto)),
        broken_off=csv_file.BROKEN_OFF,
    )


def csv_header(dataset: Dataset) -> bytes:
    names = [column.name for column in dataset.as_table().columns]
    taken = {*LEADING, *names}
    return _row([*LEADING, *(free_name(n, taken) if n in LEADING else n for n in names)])


def lines(context: ExportContext, first_upto: int) -> Iterator[Line]:
    """Yield the page in order.

    Up to `first_upto` a first reading goes: nobody holds anything yet of what was left before.
    """
    dataset = context.dataset
    after, upto = dataset.changes or (0, 0)
    shown = records(dataset)
    record = next(shown, None)
    for changed in changed_in(dataset.call, dataset.scope, after=after, upto=upto):
        if record is not None and record.reference == changed.reference:
            context.row_done()
            change = WITHHELD if record.is_withheld else RESPONSE
            yield Line(changed, change, changed.noted_at, record)
            record = next(shown, None)
        elif changed.ended is not None:
            context.removed += 1
            yield Line(changed, *changed.ended)
        elif changed.number > first_upto:
            context.removed += 1
            yield Line(changed, LEFT, changed.noted_at)


def _json_lines(context: ExportContext, first_upto: int) -> Iterator[bytes]:
    dataset = context.dataset
    names = [column.name for column in dataset.columns]
    codes = {str(code.guid): code.name for code in used_codes(dataset)}
    for line in lines(context, first_upto):
        said: dict[str, Any] = {"change": line.change, "changed_at": _moment(line.at)}
        if line.record is None:
            said["reference"] = line.changed.reference
        else:
            said |= json_lines.line_of(dataset, line.record, names, codes)
        yield json_lines.encoded(said)


def _csv_rows(context: ExportContext, first_upto: int) -> Iterator[bytes]:
    context.dataset = context.dataset.as_table()
    columns = context.dataset.columns
    yield csv_header(context.dataset)
    for line in lines(context, first_upto):
        if line.record is None:
            cells = [
                line.changed.reference if column.name == "reference" else "" for column in columns
            ]
        else:
            cells = [
                neutralise(cell) if cell and column.is_typed_in else cell or ""
                for column, cell in zip(columns, line.record.cells, strict=True)
            ]
        yield _row([line.change, _moment(line.at), *cells])


def _in_pieces(context: ExportContext, written: Iterator[bytes]) -> Pieces:
    waiting: list[bytes] = []
    for line in written:
        waiting.append(line)
        if len(waiting) == LINES_AT_ONCE:
            yield b"".join(waiting)
            waiting = []
    yield b"".join(waiting)


def _row(cells: list[str]) -> bytes:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue().encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
