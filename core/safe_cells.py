"""Cells that no spreadsheet runs as a formula.

Source of the rule: OWASP, CSV Injection. A cell whose first character after any white space is
`=`, `+`, `-` or `@`, or which has a tab or a carriage return before its first other character,
gets a `'` before it. The rule is written once, as a pattern that Python and PostgreSQL read
alike. Taking the `'` away gives the answer back, except where an answer itself began with one.
"""

import re

# Unicode's White_Space, Python's information separators, and the invisible U+200B and U+FEFF.
WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
RUNS = "-=+@\t\r"  # the hyphen comes first, as in a bracket expression it stands for itself there
PATTERN = f"^[{WHITE_SPACE}]*[{RUNS}]"
FIRSTS = WHITE_SPACE + "=+-@"
_met = re.compile(PATTERN).match


def neutralise(cell: str) -> str:
    """Return the cell as it is written into a file for spreadsheets."""
    return f"'{cell}" if _met(cell) else cell


def neutralise_for_reading(cell: str) -> str:
    """Return the cell as `neutralise` does, in a file out of which `as_before` reads it back.

    A cell that has a `'` before such a character already gets one more.
    """
    return f"'{cell}" if _met(cell.lstrip("'")) else cell


def as_before(cell: str) -> str:
    """Return what the cell was before `neutralise_for_reading`; any other cell stays as it is."""
    return cell[1:] if cell.startswith("'") and _met(cell.lstrip("'")) else cell


def neutralised_sql(expression: str) -> str:
    """Return the SQL twin of `neutralise` for a text expression that is cheap to repeat.

    It has the parameters `firsts` and `pattern` (`SQL_PARAMETERS`). Looking at the first
    character's codepoint, which PostgreSQL's `ascii` gives, spares nearly every cell the pattern.
    """
    return (
        f"CASE WHEN ascii({expression}) = ANY(%(firsts)s) "
        f"AND {expression} ~ %(pattern)s THEN '''' || {expression} ELSE {expression} END"
    )


SQL_PARAMETERS = {"firsts": [ord(first) for first in FIRSTS], "pattern": PATTERN}
