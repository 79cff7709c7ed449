"""The cells of XLSX, sheet by sheet, a row on a line and a tab between two cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from lxml import etree

from review.texts.collecting import MOST_CHARACTERS, Collected
from review.texts.office import elements
from submissions.responses.file_types.packages import Package, local_name, parse_xml

# ECMA-376, part 1, 18.8.30: formats that Excel knows by their numbers.
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
ELAPSED_FORMAT = 46  # [h]:mm:ss
ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
DAY_ZERO, DAY_ZERO_ON_OLD_MACS = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a cell has no time zone
SECONDS_OF_DAY = 86_400
MOST_EMPTY = 50  # columns without a value in a row
MOST_DAYS = 2_958_465  # to the year 9999


@dataclass
class Workbook:
    """`styles` are those of dates and times, with whether they show how long something took."""

    shared: list[str]
    styles: dict[int, bool]
    day_zero: datetime

    def say(self, cell: "etree._Element") -> str:
        """Return the cell's value as text; a date or time as people read it."""
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _said(cell)
        value = next((child.text or "" for child in cell if local_name(child) == "v"), "")
        if kind == "s":
            known = value.isdecimal() and int(value) < len(self.shared)
            return self.shared[int(value)] if known else ""
        style = cell.get("s", "0")
        if kind == "n" and style.isdecimal() and int(style) in self.styles:
            return self._say_moment(value, is_elapsed=self.styles[int(style)])
        return {"0": "FALSE", "1": "TRUE"}.get(value, value) if kind == "b" else value

    def _say_moment(self, value: str, *, is_elapsed: bool) -> str:
        """Return the day, the day and time, or for a number below 1, which has no day, the time."""
        try:
            days = float(value)
        except ValueError:
            return value
        if not 0 <= days <= MOST_DAYS:
            return value
        seconds = round(days * SECONDS_OF_DAY)
        if is_elapsed or days < 1:
            return _say_time(seconds if is_elapsed else seconds % SECONDS_OF_DAY)
        moment = self.day_zero + timedelta(seconds=seconds)
        return f"{moment:%Y-%m-%d}" if days == int(days) else f"{moment:%Y-%m-%d %H:%M}"


def _say_time(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    said = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{said}:{seconds:02}" if seconds else said


def read_xlsx(file: BinaryIO, collected: Collected) -> None:
    package = Package(file)
    main = package.main_part()
    parts = {
        one.id: package.part_named(one.target) or ""
        for one in package.relationships()
        if one.source.lower() == main.lower()
    }
    root = parse_xml(package.read_xml(main))
    book = _workbook(package, root)
    for sheet in root.iter("{*}sheet"):
        ids = [value for name, value in sheet.items() if name.endswith("}id")]
        part = parts.get(ids[0], "") if ids else ""
        if package.content_type(part).endswith("worksheet+xml"):
            collected.add(f"{sheet.get('name', '')}\n")
            for row in elements(package.read_xml(part), {"row"}):
                said = _in_columns(book, row)
                if said:
                    collected.add(f"{said}\n")


def _in_columns(book: Workbook, row: "etree._Element") -> str:
    """Return the row with its cells in their columns: a program leaves out empty ones."""
    said: list[str] = []
    at = written = 0
    for cell in (child for child in row if local_name(child) == "c"):
        value, place = book.say(cell), _column(cell)
        at = at if place is None else place
        if value:
            said += ["\t" * min(at - written, MOST_EMPTY), value.replace("\t", " ")]
            written = at
        at += 1
    return "".join(said)


def _column(cell: "etree._Element") -> int | None:
    """Return the number of the cell's column, from 0 for A; None where it does not say."""
    letters = re.match(r"[A-Z]{1,3}", cell.get("r", ""))
    if letters is None:
        return None
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _workbook(package: Package, root: "etree._Element") -> Workbook:
    shared: list[str] = []
    styles: dict[int, bool] = {}
    for name in package.names:
        content_type = package.content_type(name)
        if content_type.endswith("sharedstrings+xml"):
            shared = list(_strings(package.read_xml(name)))
        elif content_type.endswith("spreadsheetml.styles+xml"):
            styles = _date_styles(parse_xml(package.read_xml(name)))
    on_old_macs = any(one.get("date1904") in {"1", "true"} for one in root.iter("{*}workbookPr"))
    return Workbook(shared, styles, DAY_ZERO_ON_OLD_MACS if on_old_macs else DAY_ZERO)


def _strings(content: bytes) -> Iterator[str]:
    """Yield the strings that cells share; one that is repeated is shortened like the whole."""
    for element in elements(content, {"si"}):
        yield _said(element)[:MOST_CHARACTERS]


def _said(element: "etree._Element") -> str:
    """Return the text of a string in its runs, without how it is pronounced."""
    return "".join(
        each.text or "" for each in element.iter("{*}t") if local_name(each.getparent()) != "rPh"
    )


def _date_styles(root: "etree._Element") -> dict[int, bool]:
    """Return the numbers of the cells' styles that show a day or a time, as `Workbook` has them."""
    shown = {number: number == ELAPSED_FORMAT for number in DATE_FORMATS}
    for own in root.iter("{*}numFmt"):
        written, number = own.get("formatCode", ""), own.get("numFmtId", "")
        is_elapsed = ELAPSED.search(written) is not None
        if number.isdecimal() and (
            is_elapsed or re.search(r"[dhmsyDHMSY]", QUOTED.sub("", written))
        ):
            shown[int(number)] = is_elapsed
    found = {}
    for formats in root.iter("{*}cellXfs"):
        for place, one in enumerate(formats):
            number = one.get("numFmtId", "")
            if number.isdecimal() and int(number) in shown:
                found[place] = shown[int(number)]
    return found
