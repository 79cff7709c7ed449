"""Excel sheets that hold any text as it is.

Excel reads `_x0041_` in a string as “A” (ST_Xstring of ECMA-376), so a `_` that could begin such
an escape is written as one itself. XlsxWriter does that, but not where the next escape begins with
the `_` that ends the last, as in `_x0041_x0042_`. And it takes a string from `<r>` to `</r>` for
XML of its own. Both hold for inline strings: the workbook needs `constant_memory`.
"""

import re
from collections.abc import Iterable
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

EXCEL_UNITS = 32_767  # UTF-16 code units that a cell of Excel holds
LINE = 15  # points
TALLEST = 20 * LINE  # a row that is taller than the screen cannot be scrolled past in steps
A4 = 9  # ST_PaperSize of ECMA-376
_escape_begins = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


class TextSheet(Worksheet):
    """A sheet without rich strings."""

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        """Escape what begins an escape; `xml_text` has replaced the control characters."""
        return _escape_begins.sub("_x005F_", data)

    def _xml_rich_inline_string(self, string: str, attributes: Any) -> None:
        self._xml_inline_string(string, False, attributes)


class TextWorkbook(Workbook):
    """A workbook of such sheets, which never takes a text for a formula, a number or a link."""

    worksheet_class = TextSheet

    def __init__(self, path: str, folder: str) -> None:
        """Write to `path`; the rows go to disk in `folder` as they come."""
        super().__init__(
            path,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )


def height_of(cells: Iterable[tuple[str, float]], *, bold: bool = False) -> float:
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


def print_on_a4(sheet: Worksheet, *, heads: int = 1) -> None:
    """Print lengthwise, with the `heads` on each page."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.repeat_rows(0, heads - 1)
