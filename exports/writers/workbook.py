"""A dataset as an Excel file: the responses, the dictionary, the counts. Nothing is cut.

Rows go to disk as they come, so memory stays flat. Every answer is written as a string cell,
never as a formula, a number or a link.
"""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.disclosure_control import FEW
from core.text_sheets import TextWorkbook
from core.xml_text import xml_text
from exports.column import LONG, NUMBER, TIME, Column
from exports.export_context import ExportContext, Rounds, UnsupportedByFormat
from exports.queries import cells_needed, count, records
from exports.response_sql import EXCEL_UNITS
from exports.types import Dataset, Pieces
from exports.writers.dictionary import HEADER, entries
from exports.writers.workbook_counts import ResponseCounts

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # Excel's own limit, the header included
PIECE = 256 * 1024  # bytes
ROW_HEIGHT = 75  # points: five lines of a long answer
LONGEST_IN_TEXT_FORMAT = 255  # some versions of Excel show longer ones as ####
NARROW = 18  # characters
WRITING, PACKING = 2, 1  # how long they take beside each other
A4 = 9  # ST_PaperSize of ECMA-376
MADE_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel has no zones; the same data, the same bytes


def pieces(context: ExportContext) -> Pieces:
    """Yield the file; raise UnsupportedByFormat for more responses than a sheet has rows."""
    context.dataset = context.dataset.as_table()
    if count(context.dataset) >= MOST_ROWS:
        raise UnsupportedByFormat(
            f"An Excel sheet holds {MOST_ROWS - 1:,} responses. Choose fewer, or take the CSV."
        )
    with tempfile.TemporaryDirectory(prefix="portal-xlsx-") as folder:
        path = Path(folder) / "responses.xlsx"
        rounds = Rounds(context, (WRITING, PACKING))
        written = rounds.next()
        _write(written, path, folder)
        rounds.next().row_done(written.rows)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _write(context: ExportContext, path: Path, folder: str) -> None:
    with TextWorkbook(str(path), folder) as workbook:
        workbook.set_properties({"title": context.dataset.call.title, "created": MADE_AT})
        formats = _Formats(workbook)
        table = context.dataset.columns
        layout = _layout(context.dataset, table)
        counts = ResponseCounts(context.dataset)
        sheet = workbook.add_worksheet("Responses")
        _write_responses(sheet, formats, context, layout, counts)
        dictionary = workbook.add_worksheet("Dictionary")
        _write_dictionary(dictionary, formats, context.dataset, layout)
        _write_counts(workbook.add_worksheet("Counts"), formats, counts)


class _Formats:
    def __init__(self, workbook: Workbook) -> None:
        self.head: Format = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.text: Format = workbook.add_format(
            {"text_wrap": True, "valign": "top", "num_format": "@"}
        )
        self.long_text: Format = workbook.add_format({"text_wrap": True, "valign": "top"})
        self.number: Format = workbook.add_format({"valign": "top", "num_format": "0"})
        self.moment: Format = workbook.add_format(
            {"valign": "top", "align": "left", "num_format": "yyyy-mm-dd hh:mm:ss.000"}
        )


def _layout(dataset: Dataset, table: list[Column]) -> list[tuple[Column, int]]:
    """Return each column with the number of Excel columns that it takes."""
    needed = cells_needed(dataset)
    return [(column, needed.get(column.name, 1)) for column in table]


def _names(column: Column, width: int) -> list[str]:
    more = [f"{column.name} (continued {n})" for n in range(2, width + 1)]
    return [column.name, *more]


def _write_responses(
    sheet: Worksheet,
    formats: _Formats,
    context: ExportContext,
    layout: list[tuple[Column, int]],
    counts: ResponseCounts,
) -> None:
    place = 0
    head: list[str] = []
    for column, width in layout:
        wide: float = 60 if column.kind == LONG else 24 if column.kind == TIME else NARROW
        wide = max(wide, min(len(column.name) * 1.15 + 3, 40))  # bold, and the filter's button
        sheet.set_column(place, place + width - 1, wide)
        head += _names(column, width)
        place += width
    sheet.freeze_panes(1, 1)
    _print_on_a4(sheet)
    for number, name in enumerate(head):
        sheet.write_string(0, number, name, formats.head)
    row = 0
    for row, record in enumerate(records(context.dataset), start=1):
        sheet.set_row(row, ROW_HEIGHT)
        place = 0
        for (column, width), cell in zip(layout, record.cells, strict=True):
            if column.kind == TIME:
                if cell is not None:
                    sheet.write_datetime(row, place, _cut(cell), formats.moment)
            elif column.kind == NUMBER:
                if cell is not None:
                    sheet.write_number(row, place, int(cell), formats.number)
            elif cell:
                for number, part in enumerate(cell_parts(xml_text(cell))):
                    _put(sheet, row, place + number, part, formats)
            place += width
        counts.add(record)
        context.row_done()
    sheet.autofilter(0, 0, row, len(head) - 1)


def _cut(written: str) -> datetime:
    """Return the local time of an ISO 8601 one without its zone, cut to the millisecond."""
    moment = datetime.fromisoformat(written).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _put(sheet: Worksheet, row: int, place: int, text: str, formats: _Formats) -> None:
    """Write a string cell. XlsxWriter says by a number that it wrote nothing: raise then."""
    style = formats.text if len(text) <= LONGEST_IN_TEXT_FORMAT else formats.long_text
    if sheet.write_string(row, place, text, style) != 0:
        raise UnsupportedByFormat("An Excel cell cannot hold a text of the call. Take the CSV.")


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


def _write_dictionary(
    sheet: Worksheet, formats: _Formats, dataset: Dataset, layout: list[tuple[Column, int]]
) -> None:
    _head(sheet, formats, [*zip(HEADER, (28, 24, 70, 50, 60), strict=True)])
    widths = {column.name: (column, width) for column, width in layout}
    row = 0
    for entry in entries(dataset):
        lines = [entry]
        if entry[0] in widths:
            column, width = widths[entry[0]]
            lines += [
                (name, entry[1], f"{column.name} goes on here.", "", f"Read it after {before}.")
                for before, name in zip(
                    _names(column, width), _names(column, width)[1:], strict=False
                )
            ]
        for line in lines:
            row += 1
            for place, cell in enumerate(line):
                _put(sheet, row, place, xml_text(cell), formats)
    sheet.autofilter(0, 0, row, len(HEADER) - 1)


def _write_counts(sheet: Worksheet, formats: _Formats, counts: ResponseCounts) -> None:
    """Write the counts; those that the call keeps to itself in words."""
    widths = [("by", 24), ("value", 28), ("meaning", 70), ("responses", 16)]
    _head(sheet, formats, widths)
    row = 0
    for row, line in enumerate(counts.lines(), start=1):
        for place, cell in enumerate((line.by, line.value, line.meaning)):
            _put(sheet, row, place, xml_text(cell), formats)
        if line.responses.number is None:
            words = f"fewer than {FEW}" if line.responses.is_few else "not shown"
            sheet.write_string(row, 3, words, formats.text)
        else:
            sheet.write_number(row, 3, line.responses.number, formats.number)
    sheet.autofilter(0, 0, row, len(widths) - 1)


def _print_on_a4(sheet: Worksheet) -> None:
    """Print lengthwise, with the head on each page."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.repeat_rows(0)


def _head(sheet: Worksheet, formats: _Formats, widths: list[tuple[str, int]]) -> None:
    sheet.freeze_panes(1, 0)
    _print_on_a4(sheet)
    for place, (name, width) in enumerate(widths):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, formats.head)
