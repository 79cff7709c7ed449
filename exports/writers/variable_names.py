"""What the columns are called in files for statistics programs: one rule for SPSS and for Stata.

Sources: Stata's [U] 11.3 and SPSS's rules for variable names. SPSS allows 64 bytes, Stata
32 characters; with 28, all of them ASCII, a variable is called the same in both.
"""

import re
from collections.abc import Iterable

LONGEST = 28  # pyreadstat calls a set of labels by the variable and up to four digits
RULE = (
    "In files for SPSS and Stata, a column has its name of the CSV as far as both programs allow: "
    "only letters of English, digits and underscores, every other character being an underscore; "
    "28 characters at most, the rest cut; v_ before a name that begins with something else than a "
    "letter, or that either program reserves. Where a name, whatever its capitals, is taken by an "
    "earlier column, it ends in _2, _3 and so on. Further parts of long texts are named last."
)
RESERVED = frozenset(
    [
        "all",
        "and",
        "byte",
        "by",
        "double",
        "eq",
        "float",
        "ge",
        "gt",
        "if",
        "in",
        "int",
        "le",
        "long",
        "lt",
        "ne",
        "not",
        "or",
        "strl",
        "to",
        "using",
        "with",
    ]
)
_string_type = re.compile(r"str\d+\Z")


def variable_names(names: Iterable[str]) -> list[str]:
    """Return what the columns are called, in their order; RULE says how."""
    return distinct([_allowed(name) for name in names], longest=LONGEST)


def distinct(names: Iterable[str], *, longest: int | None = None) -> list[str]:
    """Return the names, each different from those before it whatever the capitals."""
    taken: set[str] = set()
    found = []
    for name in names:
        free, number = name[:longest], 1
        while free.lower() in taken:
            number += 1
            end = f"_{number}"
            free = f"{name if longest is None else name[: longest - len(end)]}{end}"
        taken.add(free.lower())
        found.append(free)
    return found


def _allowed(name: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    is_reserved = name.lower() in RESERVED or _string_type.match(name.lower())
    if is_reserved or not re.match(r"[A-Za-z]", name):
        name = f"v_{name}"
    # SPSS keeps names that end in an underscore for variables of its own.
    return name[:LONGEST].rstrip("_")
