"""Excel sheets that hold any text as it is.

Excel reads `_x0041_` in a string as “A” (ST_Xstring of ECMA-376), so a `_` that could begin such
an escape is written as one itself. XlsxWriter does that, but not where the next escape begins with
the `_` that ends the last, as in `_x0041_x0042_`. And it takes a string from `<r>` to `</r>` for
XML of its own. Both hold for inline strings: the workbook needs `constant_memory`.
"""

import re
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

EXCEL_UNITS = 32_767  # UTF-16 code units that a cell of Excel holds
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
