"""Reads a codebook out of a table with a heading: ours, Taguette's, or anybody's.

What has no heading is a list as QualCoder has it: `Money >> Rents`, and then the description.
"""

import csv
import io
import re

from core.safe_cells import as_before
from review.coding.codebook import one_line
from review.coding.codebook_files.contents import MOST_CODES, Collected, FileBook
from review.coding.codebook_files.paths import ARROWS, ByPaths, dotted, folded
from review.errors import CodingRefused
from submissions.responses.errors import ImportRefused
from submissions.responses.importing.tables import (
    SEPARATORS,
    Row,
    Table,
    decode,
    first_row,
    read_table,
)

NAMES = {"name", "code", "code name", "tag", "path"}
DOTTED = {"tag", "path"}  # Taguette's own names of the column
FIELDS = {
    **dict.fromkeys(NAMES, "name"),
    "guid": "guid",
    "parent": "parent",
    "parent code": "parent",
    "definition": "description",
    "description": "description",
    "memo": "description",
    "comment": "description",
    "use when": "use_when",
    "do not use when": "do_not_use_when",
    "example": "example",
    "colour": "colour",
    "color": "colour",
    "line": "pattern",
    "retired": "retired",
}
TITLES = {"description": "definition", "pattern": "line"}
WORDS = ("description", "use_when", "do_not_use_when", "example", "colour", "pattern")


def read_csv(name: str, content: bytes) -> FileBook:
    """Return what the file says. Raises CodingRefused for one that is no table and no list."""
    try:
        text, encoding = decode(content)
        headings = [first_row(text, mark) for mark in SEPARATORS]
        if any(NAMES & set(map(_title, heading)) for heading in headings):
            return _table(read_table(content))
    except ImportRefused as refused:
        raise CodingRefused(refused.message) from None
    return _list(name, text, encoding)


def _table(table: Table) -> FileBook:
    columns: dict[str, int] = {}
    left_out = []
    for place, title in enumerate(map(_title, table.heading)):
        field = FIELDS.get(title)
        if field is None:
            left_out.append(f"“{table.column(place)}”")
        elif field in columns:
            said = TITLES.get(field, field.replace("_", " "))
            raise CodingRefused(f"Two columns of the file have the {said}: leave one out")
        else:
            columns[field] = place
    if "name" not in columns:  # it has a heading with another separator
        raise CodingRefused(
            f"No column has the names of the codes. The file was read with {table.separator} "
            "between the cells: call the column “name”"
        )
    collected = Collected()
    notes = [f"Columns left out: {', '.join(left_out)}"] if left_out else []
    rows = [_cells(row, columns) for row in table.rows]
    if "parent" not in columns and any(ARROWS in cells["name"] for _, cells in rows):
        _by_arrows(rows, collected)
    elif _title(table.heading[columns["name"]]) in DOTTED:
        _by_dots(rows, collected)
    else:
        _by_parents(rows, collected)
    what = f"a table in {table.encoding}, with {table.separator} between the cells"
    return collected.book("csv", what, notes)


def _cells(row: Row, columns: dict[str, int]) -> tuple[str, dict[str, str]]:
    """Return the place of the row, and its cells by field; a row may end early."""
    cells = {
        field: as_before(row.cells[place]) if place < len(row.cells) else ""
        for field, place in columns.items()
    }
    return f"row {row.number}", cells


def _by_dots(rows: list[tuple[str, dict[str, str]]], collected: Collected) -> None:
    levels = dotted(cells["name"] for _, cells in rows)
    paths = ByPaths(collected)
    for place, cells in rows:
        paths.add(levels[one_line(cells["name"])], place=place, words=_words(cells))


def _by_arrows(rows: list[tuple[str, dict[str, str]]], collected: Collected) -> None:
    paths = ByPaths(collected)
    for place, cells in rows:
        paths.add(_levels(cells["name"]), place=place, words=_words(cells))


def _by_parents(rows: list[tuple[str, dict[str, str]]], collected: Collected) -> None:
    """Take each row; the code above it is in the file, or else in the codebook already."""
    named: dict[str, list[int]] = {}
    for number, (_, cells) in enumerate(rows):
        named.setdefault(folded(one_line(cells["name"])), []).append(number)
    above: list[int | None] = []
    for place, cells in rows:
        parent = one_line(cells.get("parent", ""))
        found = named.get(folded(parent), []) if parent else []
        if len(found) > 1:
            collected.fault(place, f"{len(found)} rows are called “{parent}”: give each a name")
        above.append(found[0] if found else None)
    for number, (place, cells) in enumerate(rows):
        if _is_below_itself(number, above):
            collected.fault(place, "The code stands below itself")
            above[number] = None
        collected.add(
            place=place,
            name=cells["name"],
            words=_words(cells),
            parent=above[number],
            under=cells.get("parent", "") if above[number] is None else "",
            guid=cells.get("guid", ""),
            is_retired=collected.yes_or_no(place, cells.get("retired", "")),
        )


def _is_below_itself(number: int, above: list[int | None]) -> bool:
    at, steps = above[number], 0
    while at is not None and at != number and steps <= len(above):
        at, steps = above[at], steps + 1
    return at == number


def _list(name: str, text: str, encoding: str) -> FileBook:
    """Read what has no heading: a code in each line, and its description after a separator."""
    lines = text.splitlines() if name.lower().endswith(".txt") else []
    separator = "\t" if lines else _first_mark(text)
    if lines:
        rows = [tuple(map(_unquoted, line.split("\t", 1))) for line in lines]
    else:
        try:
            rows = [
                tuple(r) for r in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            ]
        except csv.Error:
            raise CodingRefused("The file is no table that can be read: save it as CSV") from None
    collected = Collected()
    paths = ByPaths(collected)
    for number, row in enumerate(rows, 1):
        if not any(map(str.strip, row)):
            continue
        place = f"row {number}"
        if any(map(str.strip, row[2:])):
            collected.fault(place, "A list has a code and its description, and nothing after these")
        described = as_before(row[1]).strip() if len(row) > 1 else ""
        paths.add(_levels(as_before(row[0])), place=place, words={"description": described})
        if len(collected.faults) > MOST_CODES:
            raise CodingRefused("The file is no list of codes")
    what = f"a list without a heading in {encoding}, with {SEPARATORS[separator]} after each code"
    return collected.book("list", what)


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    return cell[1:-1].replace('""', '"') if re.fullmatch('".*"', cell) else cell


def _first_mark(text: str) -> str:
    """Return the separator that stands first in the first line that has any."""
    for line in text.splitlines():
        if found := [(line.index(mark), mark) for mark in SEPARATORS if mark in line]:
            return min(found)[1]
    return ","


def _levels(name: str) -> list[str]:
    return name.split(ARROWS)


def _words(cells: dict[str, str]) -> dict[str, str]:
    return {field: cells[field] for field in WORDS if field in cells}


def _title(cell: str) -> str:
    return " ".join(cell.replace("_", " ").casefold().split())
