"""The matrix as CSV and as an Excel workbook: cells with their base sizes, and what was counted.

A cell that a spreadsheet would run is neutralised in both, as workbooks are saved as CSV again.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.disclosure_control import FEW, Shown
from core.safe_cells import neutralise
from core.spoken_time import say_moment
from core.text_sheets import LINE, TextWorkbook, height_of, print_on_a4
from core.working_folders import working_folder
from core.xml_text import xml_text
from review.matrix.selection import Selection
from review.matrix.table import Line, Matrix, MatrixCell, in_words
from review.matrix.together import Pair

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MADE_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - the same data, the same bytes
HEADING = (
    "part",
    "code",
    "across",
    "option",
    "label",
    "responses",
    "base",
    "share",
    "passages",
    "summary",
)
PAIRS = (
    "part",
    "code",
    "other code",
    "responses with both",
    "passages that overlap",
    "responses with the code",
    "responses with the other",
)
WIDTHS = (12, 40, 18, 18, 40, 12, 12, 12, 12, 60)
WIDTHS_OF_PAIRS = (12, 40, 40, 18, 18, 18, 18)
Value = str | int | float
LONGEST_CELL = 32_767  # Excel's own limit


def said_of(selection: Selection, *, at: datetime) -> str:
    """Say in one line what was counted: the filter, the day, how campaigns count."""
    call = selection.call
    parts = [
        call.title,
        f"counted at {say_moment(at, call.timezone)}",
        f"across: {selection.across.label}",
        f"codings of {selection.coder}"
        if selection.coder
        else "codings of all coders, or what was decided between them",
        f"in answers to: {selection.question.label}"
        if selection.question
        else "in all answers and files",
        "a code with those below it" if selection.with_below else "each code by itself",
        "each campaign counted once, duplicates not"
        if selection.once
        else "all responses of campaigns counted",
        "withdrawn, erased and set-aside responses, and earlier versions, not counted",
        "confidential responses counted: for the project team",
    ]
    if call.hides_small_counts:
        parts.append(f"counts under {FEW}, and those that would tell them, hidden")
    return ". ".join(part[:1].upper() + part[1:] for part in parts) + "."


def lines_of_matrix(matrix: Matrix, said: str) -> Iterator[list[Value]]:
    """Yield what was counted, the bases, and each cell in a row of its own, under HEADING."""
    across = matrix.selection.across
    yield ["about", said, *[""] * (len(HEADING) - 2)]
    yield _row("base", "", "", "", "All that answered", base=matrix.base)
    for column in matrix.columns:
        yield _row("base", "", across.key, column.key, column.label, base=column.base)
    if matrix.earlier:
        said = "Codings of earlier versions, not counted"
        yield ["left out", "", "", "", said, "", "", "", matrix.earlier, ""]
    for line in matrix.lines:
        yield _cell("total", line, line.total, ("", "", "All responses"), matrix.base)
        for column, cell in zip(matrix.columns, line.cells, strict=True):
            yield _cell("cell", line, cell, (across.key, column.key, column.label), column.base)


def lines_of_pairs(pairs: Sequence[Pair], said: str) -> Iterator[list[Value]]:
    """Yield what was counted, and each pair of codes, under PAIRS."""
    yield ["about", said, *[""] * (len(PAIRS) - 2)]
    for pair in pairs:
        yield [
            "pair",
            pair.first.path,
            pair.second.path,
            *map(_value, (pair.responses, pair.overlaps, pair.of_first, pair.of_second)),
        ]


def as_csv(heading: Sequence[str], lines: Iterator[list[Value]]) -> bytes:
    """Return UTF-8 with BOM, RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heading)
    for line in lines:
        writer.writerow([_safe(value) for value in line])
    return text.getvalue().encode("utf-8-sig")


def as_workbook(matrix: Matrix, pairs: Sequence[Pair], said: str) -> bytes:
    """Return sheets: the matrix as a grid and by cells, the pairs, and what was counted."""
    grid = _grid_heading(matrix)
    sheets: dict[str, tuple[Sequence[str], Sequence[int], Iterator[list[Value]]]] = {
        "Matrix": (grid, [40, *[18] * (len(grid) - 1)], _grid(matrix)),
        "Cells": (HEADING, WIDTHS, lines_of_matrix(matrix, said)),
        "Together": (PAIRS, WIDTHS_OF_PAIRS, lines_of_pairs(pairs, said)),
        "About": (["what was counted"], [100], _sentences(said)),
    }
    with working_folder() as folder:
        path = Path(folder) / "matrix.xlsx"
        with TextWorkbook(str(path), folder) as workbook:
            workbook.set_properties({"title": matrix.selection.call.title, "created": MADE_AT})
            head = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
            body = workbook.add_format({"text_wrap": True, "valign": "top"})
            for name, (heading, widths, lines) in sheets.items():
                sheet = workbook.add_worksheet(name)
                sheet.freeze_panes(1, 0)
                print_on_a4(sheet)
                for place, width in enumerate(widths):
                    sheet.set_column(place, place, width)
                for row, line in enumerate(chain([list[Value](heading)], lines)):
                    _put_line(sheet, row, line, widths, body if row else head)
        return path.read_bytes()


def _put_line(
    sheet: Worksheet, row: int, line: list[Value], widths: Sequence[int], style: Format
) -> None:
    """Write a line, as high as the cell that needs most room."""
    cells = [
        xml_text(str(_safe(value)))[:LONGEST_CELL] if isinstance(value, str) else value
        for value in line
    ]
    texts = [(cell, w) for cell, w in zip(cells, widths, strict=True) if isinstance(cell, str)]
    # A sheet in constant memory takes the height of a row before the row's cells.
    if (height := height_of(texts, bold=not row)) > LINE:
        sheet.set_row(row, height)
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(row, place, cell, style)
        else:
            sheet.write_number(row, place, cell, style)


def _sentences(said: str) -> Iterator[list[Value]]:
    for part in said.split(". "):
        yield [part]


def _grid_heading(matrix: Matrix) -> list[str]:
    return ["Code", "All responses", *(column.label for column in matrix.columns)]


def _grid(matrix: Matrix) -> Iterator[list[Value]]:
    """Yield numbers of responses: the bases first, then a line for each code."""
    yield [
        "Base: all that answered",
        *map(_value, (matrix.base, *(c.base for c in matrix.columns))),
    ]
    for line in matrix.lines:
        cells = (line.total, *line.cells)
        yield [line.one.path, *(_value(cell.responses) for cell in cells)]


def _cell(
    part: str, line: Line, cell: MatrixCell, column: tuple[str, str, str], base: Shown
) -> list[Value]:
    return _row(
        part,
        line.one.path,
        *column,
        responses=cell.responses,
        base=base,
        share="" if cell.share is None else cell.share,
        passages=cell.passages,
        summary=cell.said_summary,
    )


def _row(
    part: str,
    code: str,
    across: str,
    option: str,
    label: str,
    *,
    responses: Shown | None = None,
    base: Shown,
    share: Value = "",
    passages: Shown | None = None,
    summary: str = "",
) -> list[Value]:
    return [
        part,
        code,
        across,
        option,
        label,
        _value(responses),
        _value(base),
        share,
        _value(passages),
        summary,
    ]


def _value(shown: Shown | None) -> Value:
    """Return the number as a number; why it is hidden in words."""
    if shown is None:
        return ""
    return in_words(shown) if shown.number is None else shown.number


def _safe(value: Value) -> Value:
    return neutralise(value) if isinstance(value, str) else value
