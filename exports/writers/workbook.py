"""A dataset as an Excel file: the responses, the dictionary, the counts. Nothing is cut.

Rows go to disk as they come, so memory stays flat. Every answer is written as a string cell,
never as a formula, a number or a link.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.disclosure_control import Shown
from core.text_sheets import TextWorkbook
from core.xml_text import xml_text
from exports.column import LONG, NUMBER, TIME, Column
from exports.export_context import ExportContext, Rounds, UnsupportedByFormat
from exports.queries import cells_needed, cells_of, count
from exports.response_sql import EXCEL_UNITS
from exports.types import Dataset, Pieces
from exports.writers.count_lines import HEADER as COUNTS_HEADER
from exports.writers.count_lines import in_words
from exports.writers.dictionary import HEADER, entries
from exports.writers.workbook_counts import ResponseCounts

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # Excel's own limit, the heads included
PIECE = 256 * 1024  # bytes
HEADS = 2  # rows: the key of each column, below it its label
LINE = 15  # points
TALLEST = 20 * LINE  # a row that is taller than the screen cannot be scrolled past in steps
LONGEST_IN_TEXT_FORMAT = 255  # some versions of Excel show longer ones as ####
NARROW = 18  # characters
DICTIONARY_WIDTHS = (28, 24, 70, 50, 60)
COUNTS_WIDTHS = (24, 14, 50, 24, 50, 14, 10, 14, 14)
WRITING, PACKING = 2, 1  # how long they take beside each other
A4 = 9  # ST_PaperSize of ECMA-376
MADE_AT = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel has no zones; the same data, the same bytes


def pieces(context: ExportContext) -> Pieces:
    """Yield the file; raise UnsupportedByFormat for more responses than a sheet has rows."""
    context.dataset = context.dataset.as_table()
    most = MOST_ROWS - HEADS
    if count(context.dataset) > most:
        raise UnsupportedByFormat(
            f"An Excel sheet holds {most:,} responses. Choose fewer, or take the CSV."
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
        self.share: Format = workbook.add_format({"valign": "top", "num_format": "0.0%"})
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
    columns = list(_excel_columns(layout))
    for place, (_name, _label, wide) in enumerate(columns):
        sheet.set_column(place, place, wide)
    sheet.freeze_panes(HEADS, 1)
    _print_on_a4(sheet, heads=HEADS)
    # A sheet in constant memory takes the height of a row before the row's cells.
    sheet.set_row(1, _height(((label, wide) for _name, label, wide in columns), bold=True))
    for row in range(HEADS):
        for place, said in enumerate(columns):
            sheet.write_string(row, place, xml_text(str(said[row])), formats.head)
    row = HEADS - 1
    for row, given in enumerate(cells_of(context.dataset), start=HEADS):
        cells = list(_excel_cells(given, layout))
        sheet.set_row(
            row,
            _height(
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
        counts.add(given)
        context.row_done()
    sheet.autofilter(HEADS - 1, 0, row, len(columns) - 1)


def _excel_columns(layout: list[tuple[Column, int]]) -> Iterator[tuple[str, str, float]]:
    """Yield the key, the label and the width in characters of each Excel column."""
    for column, width in layout:
        wide: float = 60 if column.kind == LONG else 24 if column.kind == TIME else NARROW
        wide = max(wide, min(len(column.name) * 1.15 + 3, 40))  # bold, and the filter's button
        for number, name in enumerate(_names(column, width)):
            yield name, f"{column.meaning} (goes on)" if number else column.meaning, wide


def _excel_cells(
    given: Sequence[str | None], layout: list[tuple[Column, int]]
) -> Iterator[str | int | datetime | None]:
    """Yield what stands in each Excel column; None where nothing does."""
    for (column, width), cell in zip(layout, given, strict=True):
        if cell is None or column.kind in {TIME, NUMBER}:
            yield None if cell is None else _cut(cell) if column.kind == TIME else int(cell)
            yield from [None] * (width - 1)
            continue
        if width == 1:
            yield xml_text(cell)
            continue
        parts = list(cell_parts(xml_text(cell)))
        yield from [*parts, *[None] * (width - len(parts))]


def _height(cells: Iterable[tuple[str, float]], *, bold: bool = False) -> float:
    """Return the height in points at which each text fits its column's width, up to TALLEST.

    Excel does not fit rows by itself where a program says how high they are, and LibreOffice only
    some. A width is in digits of the usual font, of which words take less room and bold ones more.
    """
    lines = 1
    for text, wide in cells:
        if len(text) <= wide and "\n" not in text:
            continue
        room = max(1, int(wide * (0.9 if bold else 1)) - 1)  # a word that does not fit moves down
        lines = max(lines, sum(1 + (_wide_as(line) - 1) // room for line in text.split("\n")))
        if lines * LINE >= TALLEST:
            return TALLEST
    return lines * LINE


def _wide_as(line: str) -> int:
    """Return how many digits of the font the line is as wide as: 1 or more."""
    if line.isascii():
        return max(1, len(line))
    return max(1, len(line) + sum(character > "\u2e80" for character in line))


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
    _head(sheet, formats, [*zip(HEADER, DICTIONARY_WIDTHS, strict=True)])
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
            sheet.set_row(row, _height(zip(line, DICTIONARY_WIDTHS, strict=True)))
            for place, cell in enumerate(line):
                _put(sheet, row, place, xml_text(cell), formats)
    sheet.autofilter(0, 0, row, len(HEADER) - 1)


def _write_counts(sheet: Worksheet, formats: _Formats, counts: ResponseCounts) -> None:
    """Write the counts; those that the call keeps to itself in words."""
    _head(sheet, formats, [*zip(COUNTS_HEADER, COUNTS_WIDTHS, strict=True)])
    row = 0
    for row, line in enumerate(counts.lines(), start=1):
        texts = (line.by, line.row, line.question, line.value, line.meaning)
        sheet.set_row(row, _height(zip(texts, COUNTS_WIDTHS, strict=False)))
        for place, cell in enumerate(texts):
            _put(sheet, row, place, xml_text(cell), formats)
        _put_count(sheet, row, 5, line.responses, formats)
        if line.share is not None:
            sheet.write_number(row, 6, line.share, formats.share)
        _put_count(sheet, row, 7, line.asked, formats)
        _put_count(sheet, row, 8, line.answered, formats)
    sheet.autofilter(0, 0, row, len(COUNTS_HEADER) - 1)


def _put_count(
    sheet: Worksheet, row: int, place: int, count: Shown | None, formats: _Formats
) -> None:
    if count is None:
        return
    if count.number is None:
        sheet.write_string(row, place, in_words(count), formats.text)
    else:
        sheet.write_number(row, place, count.number, formats.number)


def _print_on_a4(sheet: Worksheet, *, heads: int = 1) -> None:
    """Print lengthwise, with the `heads` on each page."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.repeat_rows(0, heads - 1)


def _head(sheet: Worksheet, formats: _Formats, widths: list[tuple[str, int]]) -> None:
    sheet.freeze_panes(1, 0)
    _print_on_a4(sheet)
    for place, (name, width) in enumerate(widths):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, formats.head)
