"""What the columns are called in files for statistics programs: one rule for SPSS and for Stata.

Sources: Stata's [U] 11.3 and SPSS's rules for variable names. SPSS allows 64 bytes, Stata
32 characters; with 28, all of them ASCII, a variable is called the same in both.
"""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

DIGITS = 5
LONGEST = 28  # pyreadstat calls a set of labels by the variable and up to four digits
RULE = (
    "In files for SPSS and Stata, a column has its name of the CSV as far as both programs allow: "
    "only letters of English, digits and underscores, every other character being an underscore; "
    "28 characters at most; v_ before a name that begins with something else than a letter, or "
    "that either program reserves. A longer name is cut, and ends in _ and the first five "
    "hexadecimal digits of the SHA-256 of the whole, so other columns do not change it. Names that "
    "differ from each other in capitals alone, or would become the same, end in these digits, too. "
    "Of these, only the one that has no capitals and is in the CSV as it stands keeps its name."
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


def variable_names(names: Iterable[str], *, taken: Iterable[str] = ()) -> list[str]:
    """Return the columns' names as RULE says, in order; none of them is one of `taken`.

    Each follows from the column's name in the CSV, so a question that a revision puts between
    others renames no variable.
    """
    held = {name.lower() for name in taken}
    allowed = {name: _allowed(name) for name in names}
    met = Counter([*held, *map(str.lower, allowed.values())])

    def is_its_own(name: str) -> bool:
        found = allowed[name].lower()
        return met[found] == 1 or (name == found and name not in held)

    found = [allowed[name] if is_its_own(name) else _signed(name) for name in allowed]
    return distinct([*held, *found], longest=LONGEST)[len(held) :]


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
    spelt = _spelt(name)
    return spelt if len(spelt) <= LONGEST else _signed(name)


def _signed(name: str) -> str:
    end = f"_{sha256(name.encode()).hexdigest()[:DIGITS]}"
    return f"{_spelt(name)[: LONGEST - len(end)]}{end}"


def _spelt(name: str) -> str:
    # SPSS keeps names that end in an underscore for variables of its own.
    name = re.sub(r"[^A-Za-z0-9_]", "_", name).rstrip("_")
    is_reserved = name.lower() in RESERVED or _string_type.match(name.lower())
    if is_reserved or not re.match(r"[A-Za-z]", name):
        name = f"v_{name}".rstrip("_")
    return name
