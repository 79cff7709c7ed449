"""Cells that no spreadsheet runs as a formula.

Source of the rule: OWASP, CSV Injection. A cell whose first character after any white space is
`=`, `+`, `-` or `@`, full-width or not, or which has a tab or a carriage return before its first
other character, gets a `'` before it.

A spreadsheet of another locale may split the file at `;`, a tab, `|` or a line end, and then does
not see the quotes round a cell. So a `'` also stands after each of these wherever such a sign
would come first in the new cell.

The first pattern is written once, and Python and PostgreSQL read it alike; `neutralise_inside`
applies the second to a row of CSV out of PostgreSQL. Taking the `'` away gives the answer back,
except where an answer itself had one at such a place.
"""

import re

# Unicode's White_Space, Python's information separators, and the invisible U+200B and U+FEFF.
WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
# The hyphen comes first, as in a bracket expression it stands for itself there.
SIGNS = "-=+@\uff0d\uff1d\uff0b\uff20"
SEPARATORS = ";|\t\n\r"
# What may stand between a separator and the first character of the new cell.
SKIPPED = "".join(space for space in WHITE_SPACE if space not in SEPARATORS) + '"'
AT_START = f"^[{WHITE_SPACE}]*[{SIGNS}\t\r]"
INSIDE = f"([{SEPARATORS}])([{SKIPPED}]*[{SIGNS}])"
FIRSTS = WHITE_SPACE + SIGNS
_starts = re.compile(AT_START).match
_inside = re.compile(INSIDE)
_inside_more = re.compile(f"([{SEPARATORS}])('*[{SKIPPED}]*[{SIGNS}])")
_inside_marked = re.compile(f"([{SEPARATORS}])'('*[{SKIPPED}]*[{SIGNS}])")


def neutralise(cell: str) -> str:
    """Return the cell as it is written into a file for spreadsheets."""
    mark = "'" if _starts(cell) else ""
    return mark + _inside.sub(r"\1'\2", cell)


def neutralise_for_reading(cell: str) -> str:
    """Return the cell as `neutralise` does, in a file out of which `as_before` reads it back.

    A place that has a `'` before such a character already gets one more.
    """
    mark = "'" if _starts(cell.lstrip("'")) else ""
    return mark + _inside_more.sub(r"\1'\2", cell)


def as_before(cell: str) -> str:
    """Return what the cell was before `neutralise_for_reading`; any other cell stays as it is."""
    cell = _inside_marked.sub(r"\1\2", cell)
    return cell[1:] if cell.startswith("'") and _starts(cell.lstrip("'")) else cell


def neutralised_sql(expression: str) -> str:
    """Return SQL that puts a `'` before a cell as `neutralise` does, of a text expression.

    It is cheap to repeat, and leaves what is inside the cell to `neutralise_inside`. It has the
    parameters `firsts` and `pattern` (`SQL_PARAMETERS`). Looking at the first character's
    codepoint, which PostgreSQL's `ascii` gives, spares nearly every cell the pattern.
    """
    return (
        f"CASE WHEN ascii({expression}) = ANY(%(firsts)s) "
        f"AND {expression} ~ %(pattern)s THEN '''' || {expression} ELSE {expression} END"
    )


SQL_PARAMETERS = {"firsts": [ord(first) for first in FIRSTS], "pattern": AT_START}


def neutralise_inside(row: bytes) -> bytes:
    """Return a row of CSV in UTF-8, with a `'` inside its cells wherever `neutralise` puts one.

    A search for one byte runs at the speed of memory: a pattern in PostgreSQL, as for the first
    character, would double the time of an export.
    """
    for separator, pattern in _inside_row:
        if separator in row:
            row = pattern.sub(separator + rb"'\1", row)
    return row


def _any_of(characters: str) -> bytes:
    return b"|".join(re.escape(character.encode()) for character in characters)


_inside_row = [
    (
        separator.encode(),
        re.compile(
            b"%b((?:%b)*(?:%b))" % (re.escape(separator.encode()), _any_of(SKIPPED), _any_of(SIGNS))
        ),
    )
    for separator in SEPARATORS
]
