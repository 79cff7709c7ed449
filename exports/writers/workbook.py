"""A dataset as an Excel file: the responses, the dictionary, the counts. Nothing is cut.

The file is made by `workbook_process` in a process of its own.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.disclosure_control import Shown
from core.percentages import WHOLE, per_cent
from core.text_sheets import EXCEL_UNITS
from core.working_folders import working_folder
from core.xml_text import xml_text
from exports.export_context import ExportContext, Rounds, UnsupportedByFormat
from exports.one_column import LONG, NUMBER, TIME, Column
from exports.queries import cells_needed, cells_of, count
from exports.types import Dataset, Pieces
from exports.writers import workbook_process
from exports.writers.apart import (
    EndedOtherwise,
    as_one,
    finish,
    of_the_portal,
    read,
    start,
    write_rows,
)
from exports.writers.count_lines import HEADER as COUNTS_HEADER
from exports.writers.count_lines import in_words
from exports.writers.dictionary import HEADER, entries
from exports.writers.workbook_counts import ResponseCounts

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # Excel's own limits, of rows the heads included
MOST_COLUMNS = 16_384
TOO_LARGE = "An Excel file holds 4 GB, and this one would have more. Choose fewer, or take the CSV."
PROCESS = "exports.writers.workbook_process"
NAME = "responses.xlsx"
NARROW = 18  # characters
READING, MAKING = 1, 4  # how long they take beside each other
KINDS = {TIME: workbook_process.MOMENT, NUMBER: workbook_process.NUMBER}


def pieces(context: ExportContext) -> Pieces:
    """Yield the file; raise UnsupportedByFormat for more than it, a sheet or a cell holds."""
    return as_one(begun(context))


def begun(context: ExportContext) -> Pieces:
    """Yield nothing as soon as the process runs, and then the file."""
    context.dataset = dataset = context.dataset.as_table()
    most = MOST_ROWS - workbook_process.HEADS
    if count(dataset) > most:
        raise UnsupportedByFormat(
            f"An Excel sheet holds {most:,} responses. Choose fewer, or take the CSV."
        )
    layout = _layout(dataset, dataset.columns)
    wide = sum(width for _column, width in layout)
    if wide > MOST_COLUMNS:
        raise UnsupportedByFormat(
            f"An Excel sheet holds {MOST_COLUMNS:,} columns, and this one would have {wide:,}. "
            "Take the CSV."
        )
    dictionary = list(_dictionary(dataset, layout))
    counts = ResponseCounts(dataset)
    rounds = Rounds(context, (READING, MAKING))
    with working_folder() as folder:
        written, made = rounds.next(), rounds.next()
        write_rows(folder, counts.counting(cells_of(dataset)), written.row_done)
        told = {
            "out": NAME,
            "title": dataset.call.title,
            "columns": list(_excel_columns(layout)),
            "layout": [(KINDS.get(column.kind, ""), width) for column, width in layout],
            "dictionary": {"head": HEADER, "lines": dictionary},
            "counts": {"head": list(COUNTS_HEADER), "lines": list(_count_lines(counts))},
        }
        with start(of_the_portal(PROCESS), folder, told) as process:
            yield b""
            try:
                finish(process, context.still_at_work, made.row_done, rows=written.rows)
            except EndedOtherwise as ended:
                if ended.status != workbook_process.TOO_LARGE:
                    raise
                raise UnsupportedByFormat(TOO_LARGE) from None
        yield from read(Path(folder, NAME))


def _layout(dataset: Dataset, table: list[Column]) -> list[tuple[Column, int]]:
    """Return each column with the number of Excel columns that it takes."""
    needed = cells_needed(dataset)
    return [(column, needed.get(column.name, 1)) for column in table]


def _names(column: Column, width: int) -> list[str]:
    more = [f"{column.name} (continued {n})" for n in range(2, width + 1)]
    return [column.name, *more]


def _excel_columns(layout: list[tuple[Column, int]]) -> Iterator[tuple[str, str, float]]:
    """Yield the key, the label and the width in characters of each Excel column."""
    for column, width in layout:
        wide: float = 60 if column.kind == LONG else 24 if column.kind == TIME else NARROW
        wide = max(wide, min(len(column.name) * 1.15 + 3, 40))  # bold, and the filter's button
        for number, name in enumerate(_names(column, width)):
            yield name, f"{column.meaning} (goes on)" if number else str(column.meaning), wide


def _dictionary(dataset: Dataset, layout: list[tuple[Column, int]]) -> Iterator[Sequence[str]]:
    """Yield the lines of the dictionary; raise UnsupportedByFormat where one is too long."""
    widths = {column.name: (column, width) for column, width in layout}
    for entry in entries(dataset):
        if any(len(xml_text(cell).encode("utf-16-le")) // 2 > EXCEL_UNITS for cell in entry):
            raise UnsupportedByFormat(
                f"An Excel cell holds {EXCEL_UNITS:,} characters, and what the dictionary says of "
                f"“{entry[0]}” has more. Take the CSV."
            )
        yield [str(cell) for cell in entry]
        if entry[0] in widths:
            names = _names(*widths[entry[0]])
            for before, name in pairwise(names):
                yield (
                    name,
                    str(entry[1]),
                    f"{names[0]} goes on here.",
                    "",
                    f"Read it after {before}.",
                )


def _count_lines(counts: ResponseCounts) -> Iterator[tuple[Any, ...]]:
    for line in counts.lines():
        texts = (line.by, line.row, line.question, line.value, str(line.meaning))
        yield (
            texts,
            _number(line.responses),
            _share(line.share),
            _number(line.asked),
            _number(line.answered),
        )


def _share(share: Fraction | None) -> float | None:
    """Return the share, 0 to 1, in the digits that the pages show of it."""
    if share is None:
        return None
    return per_cent(share.numerator, share.denominator) / WHOLE


def _number(count: Shown | None) -> int | str | None:
    """Return the count, or in words that the call keeps it to itself."""
    if count is None:
        return None
    return in_words(count) if count.number is None else count.number
