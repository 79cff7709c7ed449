"""Reads a CSV file that any program may have written: its encoding, separator, heading and rows."""

import csv
import io
import re
from dataclasses import dataclass

from submissions.responses.answering import LONGEST_ANSWER
from submissions.responses.errors import ImportRefused

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 2_000
MOST_COLUMNS = 1_000
# The same as the csv module's own limit, which any code of the process may raise.
LONGEST_CELL = 131_072
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
# The first line by which some programs tell Excel the separator; Excel shows no such row.
NAMES_SEPARATOR = re.compile(r'\A"?sep=(.)"?\r?\n', re.IGNORECASE)
# Text in Windows-1252 has such bytes side by side as well, if seldom: “ß” and a quotation mark.
UTF_8_SIGN = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
SELDOM = 4  # other signs to each of these
NO_ASCII = bytes(range(0x80, 0x100))
UTF_8_BOM, UTF_16_BOMS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Row:
    """`number` is what a spreadsheet shows beside the row: the heading is mostly 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`encoding` and `separator` are in words."""

    heading: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    separator: str

    def column(self, place: int) -> str:
        """Return the name of a column, by its number if it has none."""
        return self.heading[place].strip() or f"column {place + 1}"


def read_table(content: bytes) -> Table:
    """Return what the file holds. Raises ImportRefused with what is wrong with it as a whole.

    A row of nothing is left out, and counts in the numbers of those that follow. The heading is
    the first row that has something.
    """
    text, encoding = decode(content)
    separator, text = _separator_of(text)
    filled = _filled_rows(text, separator)
    if not filled:
        raise ImportRefused("The file is empty")
    heading, found = filled[0].cells, filled[1:]
    if len(heading) > MOST_COLUMNS:
        raise ImportRefused(f"The file has more than {MOST_COLUMNS:,} columns")
    if not found:
        raise ImportRefused("The file has a heading and no row")
    return Table(heading, tuple(found), encoding, SEPARATORS[separator])


def _separator_of(text: str) -> tuple[str, str]:
    """Return what stands between the cells, and the text without a line that says so."""
    named = NAMES_SEPARATOR.match(text)
    if named is not None and named[1] in SEPARATORS:
        return named[1], text[named.end() :]
    return max(SEPARATORS, key=lambda mark: len(first_row(text, mark))), text


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises ImportRefused."""
    if len(content) > MOST_BYTES:
        raise ImportRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB")
    text, encoding = _decode(content)
    if "\0" in text:
        raise ImportRefused("The file is no text: save it as CSV in UTF-8")
    return text, encoding


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith(UTF_16_BOMS):
        return _decoded(content, "utf-16"), "UTF-16"
    if content.startswith(UTF_8_BOM):
        return _decoded(content, "utf-8-sig"), "UTF-8"
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        rest, number = UTF_8_SIGN.subn(b"", content)
        if number * SELDOM > len(rest) - len(rest.translate(None, NO_ASCII)):
            line = content[: error.start].count(b"\n") + 1
            raise ImportRefused(
                f"The file is in UTF-8, and line {line} of it is not: save all of it as UTF-8"
            ) from None
        return _decoded(content, "windows-1252"), "Windows-1252"


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ImportRefused("The file is in no encoding that is known: save it as UTF-8") from None


def first_row(text: str, separator: str) -> list[str]:
    """Return the cells of the first line that is not empty and does not name the separator."""
    begin = NAMES_SEPARATOR.sub("", text[:LONGEST_ANSWER]).lstrip("\r\n")
    try:
        return next(csv.reader(io.StringIO(begin, newline=""), delimiter=separator))
    except (csv.Error, StopIteration):
        return []


def _filled_rows(text: str, separator: str) -> list[Row]:
    """Return the rows that have something. Raises ImportRefused for one that cannot be read."""
    found: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise _cell_too_long(number)
            if any(map(str.strip, cells)):
                found.append(Row(number, tuple(cells)))
            if len(found) > MOST_ROWS + 1:
                raise ImportRefused(
                    f"The file has more than {MOST_ROWS:,} rows: upload it in several parts"
                )
    except csv.Error as error:
        row = number + 1
        if "limit" in str(error):
            raise _cell_too_long(row) from None
        raise ImportRefused(
            f"Row {row}: a quotation mark is not closed, or not doubled within a cell"
        ) from None
    return found


def _cell_too_long(row: int) -> ImportRefused:
    return ImportRefused(f"Row {row}: a cell has more than {LONGEST_CELL:,} characters")
