"""Finding a name in a text, as whole words and in any case."""

import re
from collections.abc import Iterable


def whole_words(name: str) -> re.Pattern[str]:
    """Return the pattern of a name.

    Scripts without capitals have no spaces, or write other words onto a name: there it may stand
    within a word.
    """
    before, behind = map(_edge, (name[0], name[-1]))
    return re.compile(
        f"{before and f'(?<!{before})'}{re.escape(name)}{behind and f'(?!{behind})'}", re.IGNORECASE
    )


def _edge(character: str) -> str:
    has_capitals = character.lower() != character.upper()
    return r"\w" if has_capitals or character.isdigit() else ""


def has_any(written: str, names: Iterable[str]) -> bool:
    """Return whether one of the names, which are in small letters, stands in what was written."""
    small = written.casefold()
    return any(whole_words(name).search(small) for name in names)
