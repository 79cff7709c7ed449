"""Writes an Excel file: run as a program of its own by `workbook`.

It finds `told.json` and `rows.pickle` in the folder in which it runs, and knows nothing of the
portal: no settings, no database. It says by a byte on standard output that it has a batch of rows.
Rows go to disk as they come, so memory stays flat. Every answer is written as a string cell,
never as a formula, a number or a link. It ends with TOO_LARGE where the file cannot hold them.
"""

import json
import pickle  # nosec B403 - reads what the portal wrote
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileSizeError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.text_sheets import EXCEL_UNITS, TextWorkbook, height_of, print_on_a4
from core.xml_text import xml_text

TOO_LARGE = 4  # the exit status: a sheet or all of them have over 4 GB, which Excel does not open
HEADS = 2  # rows: the key of each column, below it its label
LONGEST_IN_TEXT_FORMAT = 255  # some versions of Excel show longer ones as ####
DICTIONARY_WIDTHS = (28, 24, 70, 50, 60)
COUNTS_WIDTHS = (24, 14, 50, 24, 50, 14, 10, 14, 14)
MADE_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel has no zones; the same data, the same bytes
# What a column holds, and in how many columns of Excel; all else is text.
Layout = Sequence[tuple[str, int]]
NUMBER, MOMENT = "number", "moment"


def main() -> None:
    try:
        _write()
    except FileSizeError:
        raise SystemExit(TOO_LARGE) from None


def _write() -> None:
    told = json.loads(Path("told.json").read_text(encoding="utf-8"))
    with TextWorkbook(told["out"], str(Path.cwd())) as workbook:
        workbook.set_properties({"title": told["title"], "created": MADE_AT})
        formats = _Formats(workbook)
        _write_responses(workbook.add_worksheet("Responses"), formats, told)
        _write_dictionary(workbook.add_worksheet("Dictionary"), formats, told["dictionary"])
        _write_counts(workbook.add_worksheet("Counts"), formats, told["counts"])


def _rows() -> Iterator[Sequence[str | None]]:
    with Path("rows.pickle").open("rb") as file:
        # The portal wrote them a moment ago.
        while batch := pickle.load(file):  # noqa: S301  # nosec B301 - as above
            yield from batch
            sys.stdout.buffer.write(b".")
            sys.stdout.buffer.flush()


class _Formats:
    def __init__(self, workbook: Workbook) -> None:
        self.head: Format = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.text: Format = workbook.add_format(
            {"text_wrap": True, "valign": "top", "num_format": "@"}
        )
        self.long_text: Format = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.number: Format = workbook.add_format({"valign": "top", "num_format": "0"})
        self.share: Format = workbook.add_format(
            {"valign": "top", "num_format": '[=0]0.0%;[<0.001]"<0.1%";0.0%'}
        )
        self.moment: Format = workbook.add_format(
            {"valign": "top", "align": "left", "num_format": "yyyy-mm-dd hh:mm:ss.000"}
        )


def _write_responses(sheet: Worksheet, formats: _Formats, told: dict[str, Any]) -> None:
    columns, layout = told["columns"], told["layout"]
    for place, (_name, _label, wide) in enumerate(columns):
        sheet.set_column(place, place, wide)
    sheet.freeze_panes(HEADS, 1)
    print_on_a4(sheet, heads=HEADS)
    sheet.repeat_columns(0)  # the reference, on the pages to the right as well
    # A sheet in constant memory takes the height of a row before the row's cells.
    sheet.set_row(1, height_of(((label, wide) for _name, label, wide in columns), bold=True))
    for row in range(HEADS):
        for place, said in enumerate(columns):
            sheet.write_string(row, place, xml_text(said[row]), formats.head)
    row = HEADS - 1
    for row, given in enumerate(_rows(), start=HEADS):
        cells = list(_excel_cells(given, layout))
        sheet.set_row(
            row,
            height_of(
                (cell, wide)
                for cell, (_name, _label, wide) in zip(cells, columns, strict=True)
                if isinstance(cell, str)
            ),
        )
        for place, cell in enumerate(cells):
            if isinstance(cell, datetime):
                sheet.write_datetime(row, place, cell, formats.moment)
            elif isinstance(cell, int):
                sheet.write_number(row, place, cell, formats.number)
            elif cell:
                _put(sheet, row, place, cell, formats)
    sheet.autofilter(HEADS - 1, 0, row, len(columns) - 1)


def _excel_cells(
    given: Sequence[str | None], layout: Layout
) -> Iterator[str | int | datetime | None]:
    """Yield what stands in each Excel column; None where nothing does."""
    for (kind, width), cell in zip(layout, given, strict=True):
        if cell is None or kind in {MOMENT, NUMBER}:
            yield None if cell is None else _cut(cell) if kind == MOMENT else int(cell)
            yield from [None] * (width - 1)
            continue
        if width == 1:
            yield xml_text(cell)
            continue
        parts = list(cell_parts(xml_text(cell)))
        yield from [*parts, *[None] * (width - len(parts))]


def _cut(written: str) -> datetime:
    """Return the local time of an ISO 8601 one without its zone, cut to the millisecond."""
    moment = datetime.fromisoformat(written).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _put(sheet: Worksheet, row: int, place: int, text: str, formats: _Formats) -> None:
    """Write a string cell. XlsxWriter says by a number that it wrote nothing: end then."""
    style = formats.text if len(text) <= LONGEST_IN_TEXT_FORMAT else formats.long_text
    if sheet.write_string(row, place, text, style) != 0:
        raise SystemExit(1)


def cell_parts(text: str) -> Iterator[str]:
    """Yield `text` in parts of at most 32,767 UTF-16 code units, as Excel counts them.

    A part never ends between the two code units of one character.
    """
    if len(text) <= EXCEL_UNITS // 2:
        yield text
        return
    start = units = 0
    for place, character in enumerate(text):
        size = 2 if character > "\uffff" else 1
        if units + size > EXCEL_UNITS:
            yield text[start:place]
            start, units = place, 0
        units += size
    yield text[start:]


def _write_dictionary(sheet: Worksheet, formats: _Formats, told: dict[str, Any]) -> None:
    _head(sheet, formats, [*zip(told["head"], DICTIONARY_WIDTHS, strict=True)])
    for row, line in enumerate(told["lines"], start=1):
        sheet.set_row(row, height_of(zip(line, DICTIONARY_WIDTHS, strict=True)))
        for place, cell in enumerate(line):
            _put(sheet, row, place, xml_text(cell), formats)
    sheet.autofilter(0, 0, len(told["lines"]), len(told["head"]) - 1)


def _write_counts(sheet: Worksheet, formats: _Formats, told: dict[str, Any]) -> None:
    """Write the counts; those that the call keeps to itself come in words."""
    _head(sheet, formats, [*zip(told["head"], COUNTS_WIDTHS, strict=True)])
    for row, (texts, responses, share, asked, answered) in enumerate(told["lines"], start=1):
        sheet.set_row(row, height_of(zip(texts, COUNTS_WIDTHS, strict=False)))
        for place, cell in enumerate(texts):
            _put(sheet, row, place, xml_text(cell), formats)
        _put_count(sheet, row, 5, responses, formats)
        if share is not None:
            sheet.write_number(row, 6, share, formats.share)
        _put_count(sheet, row, 7, asked, formats)
        _put_count(sheet, row, 8, answered, formats)
    sheet.autofilter(0, 0, len(told["lines"]), len(told["head"]) - 1)


def _put_count(
    sheet: Worksheet, row: int, place: int, count: int | str | None, formats: _Formats
) -> None:
    if isinstance(count, str):
        sheet.write_string(row, place, count, formats.text)
    elif count is not None:
        sheet.write_number(row, place, count, formats.number)


def _head(sheet: Worksheet, formats: _Formats, widths: list[tuple[str, int]]) -> None:
    sheet.freeze_panes(1, 0)
    print_on_a4(sheet)
    for place, (name, width) in enumerate(widths):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, formats.head)


if __name__ == "__main__":
    main()
