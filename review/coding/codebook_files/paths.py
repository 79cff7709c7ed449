"""Codes that name those above them in one text: `Money >> Rents`, `money.rents`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from core.canonical import canonical_text
from review.coding.codebook import MOST_LEVELS, one_line
from review.coding.codebook_files.contents import Collected

ARROWS = ">>"
# Between two letters, so that "1.2 Rents" and "approx. 100" stay one name.
DOT = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_])")

MOST_DOTS = 2 * MOST_LEVELS


def folded(name: str) -> str:
    """Return what tells one name from another."""
    return canonical_text(name).casefold()


class ByPaths:
    """Puts codes into `collected` by the names above them; it adds those that have no row."""

    def __init__(self, collected: Collected) -> None:
        self._collected = collected
        self._places: dict[tuple[str, ...], int] = {}
        self._without_row: set[int] = set()

    def add(self, path: Sequence[str], *, place: str, words: Mapping[str, str]) -> None:
        names = [one_line(name) for name in path]
        if not all(names):
            return self._collected.fault(place, "A name is empty")
        if len(names) > MOST_LEVELS:
            said = f"The code would stand on level {len(names):,}: {MOST_LEVELS} at most"
            return self._collected.fault(place, said)
        above: int | None = None
        for level in range(1, len(names)):
            key = _key(names[:level])
            if key not in self._places:
                self._places[key] = self._new(names[level - 1], place, {}, above)
                self._without_row.add(self._places[key])
            above = self._places[key]
        key = _key(names)
        known = self._places.get(key)
        if known is None:
            self._places[key] = self._new(names[-1], place, words, above)
        elif known in self._without_row:
            self._without_row.remove(known)
            self._fill(known, place, words)
        else:
            earlier = self._collected.codes[known].place
            self._collected.fault(place, f"The same code stands in {earlier}")
        return None

    def _new(self, name: str, place: str, words: Mapping[str, str], above: int | None) -> int:
        return self._collected.add(place=place, name=name, words=words, parent=above)

    def _fill(self, known: int, place: str, words: Mapping[str, str]) -> None:
        earlier = self._collected.codes[known]
        self._collected.codes[known] = replace(
            earlier, place=place, words=self._collected.cleaned(place, words)
        )


def dotted(tags: Iterable[str]) -> dict[str, list[str]]:
    """Return the levels of each of Taguette's tags, which may have dots between them.

    A dot between letters parts two levels if what stands before it is a tag as well, or begins
    several tags. Any other dot is a part of the name. Of a tag with very many, the first are read.
    """
    tags = [one_line(tag) for tag in tags]
    known = set(tags)
    begun: dict[str, set[str]] = {}
    for tag in known:
        for dot in islice(DOT.finditer(tag), MOST_DOTS):
            begun.setdefault(tag[: dot.start()], set()).add(tag)
    levels = {}
    for tag in known:
        parts, start = [], 0
        for dot in islice(DOT.finditer(tag), MOST_DOTS):
            before = tag[: dot.start()]
            if before in known or len(begun[before]) > 1:
                parts.append(tag[start : dot.start()])
                start = dot.end()
        levels[tag] = [*parts, tag[start:]]
    return levels


def _key(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(folded, names))
