"""What an import of a codebook would do, code by code. Nothing is stored.

A code of the file is the same as one of the call by its GUID, or else by its name under the same
code. An import adds codes and changes words. It empties none, moves no code and deletes none.
"""

from dataclasses import astuple, dataclass, field
from typing import Any
from uuid import UUID

from review.coding.codebook_files.contents import LABELS, Line
from review.states import CodePattern
from submissions.responses.etags import etag

RETIRED = "is_retired"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Word:
    """What one field of a code is and would be."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        return "retired" if self.field == RETIRED else LABELS[self.field]

    @property
    def shown(self) -> tuple[str, str]:
        if self.field == "pattern":
            return CodePattern(self.before).label, CodePattern(self.after).label
        return self.before, self.after

    @property
    def value(self) -> str | bool:
        """What the field would hold."""
        return self.after == YES if self.field == RETIRED else self.after


@dataclass(frozen=True)
class Added:
    """A code that would be new. `above` is its number among those that are new, if it has one."""

    place: str
    name: str
    path: str
    above: int | None
    under: int | None
    guid: UUID | None
    words: tuple[tuple[str, str], ...]
    is_retired: bool

    @property
    def labels(self) -> list[str]:
        """What the file has of the code, in words."""
        retired = ["retired"] if self.is_retired else []
        return [LABELS[name] for name, _ in self.words] + retired


@dataclass(frozen=True)
class Changed:
    place: str
    code: int
    path: str
    words: tuple[Word, ...]


@dataclass
class Plan:
    """`same` is the number of codes that are there already as the file has them."""

    added: list[Added] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    faults: list[Line] = field(default_factory=list)
    same: int = 0

    @property
    def does_something(self) -> bool:
        return bool(self.added or self.changed)

    @property
    def etag(self) -> str:
        """What tells one plan from another."""
        parts: list[Any] = [self.added, self.changed, self.notes, self.faults]
        return etag([*[[_plain(astuple(one)) for one in part] for part in parts], self.same])


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value
