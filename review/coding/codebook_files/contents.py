"""What a file with a codebook says, whoever wrote it, and what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from review.coding.codebook import one_line
from review.coding.codebook_files.descriptions import clean
from review.coding.colours import is_visible, visible
from review.errors import CodingRefused
from review.models import Code
from review.states import CodePattern

MOST_BYTES = 2 * 1024 * 1024
MOST_CODES = 2_000
LONGEST_NAME = Code._meta.get_field("name").max_length or 0
LONGEST_WORDS = 10_000  # characters of a definition, and of each of the others
MOST_NAMED = 10
LABELS = {
    "name": "name",
    "description": "definition",
    "use_when": "use when",
    "do_not_use_when": "do not use when",
    "example": "example",
    "colour": "colour",
    "pattern": "line",
}
PATTERNS = {one.label.casefold(): one.value for one in CodePattern} | {
    one.value: one.value for one in CodePattern
}
YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
COLOUR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})")


@dataclass(frozen=True)
class Line:
    """Something about one place of the file: a fault, or what would happen there."""

    place: str
    said: str


@dataclass(frozen=True)
class FileCode:
    """One code. `words` are those that the file has, by the fields of a code, none of them empty.

    `parent` is the place of the code above it in the list; `under` names one that is not in the
    file. Where the file does not say whether the code is retired, `is_retired` is None.
    """

    place: str
    name: str
    words: Mapping[str, str] = field(default_factory=dict)
    parent: int | None = None
    under: str = ""
    guid: UUID | None = None
    is_retired: bool | None = None


@dataclass(frozen=True)
class FileBook:
    """`what` says in words how the file was read; `notes` say what was left out."""

    kind: str
    what: str
    codes: tuple[FileCode, ...]
    faults: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()


class Collected:
    """The codes of a file while it is read, and one line for each fault."""

    def __init__(self) -> None:
        self.codes: list[FileCode] = []
        self.faults: list[Line] = []
        self._guids: dict[UUID, str] = {}
        self._too_light: set[str] = set()

    def add(
        self,
        *,
        place: str,
        name: str,
        words: Mapping[str, str] | None = None,
        parent: int | None = None,
        under: str = "",
        guid: str = "",
        is_retired: bool | None = None,
    ) -> int:
        """Take a code as it stands there, and return its place in the list."""
        if len(self.codes) >= MOST_CODES:
            raise CodingRefused(f"The file has more than {MOST_CODES:,} codes")
        name = one_line(name)
        if not name:
            self.fault(place, "The code has no name")
        elif len(name) > LONGEST_NAME:
            self.fault(place, f"The name has {len(name)} characters: {LONGEST_NAME} at most")
        made = FileCode(
            place=place,
            name=name[:LONGEST_NAME],
            words=self.cleaned(place, words or {}),
            parent=parent,
            under=one_line(under),
            guid=self._guid(place, guid),
            is_retired=is_retired,
        )
        self.codes.append(made)
        return len(self.codes) - 1

    def book(self, kind: str, what: str, notes: Sequence[str] = ()) -> FileBook:
        """Return all that was read. Raises CodingRefused if there is no code."""
        if not self.codes and not self.faults:
            raise CodingRefused("There is no code in the file")
        if self._too_light:
            colours = ", ".join(sorted(self._too_light)[:MOST_NAMED])
            notes = [*notes, f"Colours too light to be seen on white come in darker: {colours}"]
        return FileBook(kind, what, tuple(self.codes), tuple(self.faults), tuple(notes))

    def fault(self, place: str, wrong: str) -> None:
        self.faults.append(Line(place, wrong))

    def cleaned(self, place: str, words: Mapping[str, str]) -> dict[str, str]:
        """Return the words that are not empty as the portal keeps them, with a line for faults."""
        found = {name: cleaned for name, said in words.items() if (cleaned := clean(said))}
        for name, said in found.items():
            if len(said) > LONGEST_WORDS:
                most = f"{LONGEST_WORDS:,} at most"
                self.fault(place, f"“{LABELS[name]}” has {len(said):,} characters: {most}")
        if (colour := found.get("colour", "").lower()) and not COLOUR.fullmatch(colour):
            self.fault(place, f"“{_cut(colour)}” is not a colour: write it like #0b5a9c")
            del found["colour"]
        elif colour:
            found["colour"] = self._visible(colour if len(colour) > 4 else _doubled(colour))
        if line := found.pop("pattern", ""):
            if pattern := PATTERNS.get(line.casefold()):
                found["pattern"] = pattern
            else:
                labels = ", ".join(CodePattern.labels)
                self.fault(place, f"“{_cut(line)}” is not a line: write one of {labels}")
        return found

    def yes_or_no(self, place: str, said: str) -> bool | None:
        """Return what a cell says, None for an empty one."""
        folded = said.strip().casefold()
        if folded and folded not in YES_OR_NO:
            self.fault(place, f"“{_cut(said.strip())}” is neither yes nor no")
        return YES_OR_NO.get(folded)

    def _visible(self, colour: str) -> str:
        if not is_visible(colour):
            self._too_light.add(colour)
        return visible(colour)

    def _guid(self, place: str, said: str) -> UUID | None:
        said = said.strip()
        if not said:
            return None
        try:
            found = UUID(said)
        except ValueError:
            self.fault(place, f"“{_cut(said)}” is not a GUID")
            return None
        if found in self._guids:
            self.fault(place, f"The GUID is the same as that of {self._guids[found]}")
        self._guids.setdefault(found, place)
        return found


def _cut(said: str) -> str:
    return said if len(said) <= 40 else f"{said[:40]}…"


def _doubled(colour: str) -> str:
    return "#" + "".join(digit * 2 for digit in colour[1:])
