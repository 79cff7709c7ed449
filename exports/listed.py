"""Responses that project staff chose on their own list, and what is kept of that choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Listed:
    """The rows of the list of responses at the moment at which somebody asked for them.

    `keys` are their primary keys. `chosen` says how the list was narrowed, one filter a string:
    “status: In review”. It has no words that somebody searched for, which may be a name.
    `by_what_they_say`: by more than what the bare row of a confidential response says.
    """

    keys: tuple[int, ...]
    chosen: tuple[str, ...] = ()
    by_what_they_say: bool = True

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Listed":
        return cls(
            tuple(written["keys"]), tuple(written["chosen"]), bool(written["by_what_they_say"])
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "keys": list(self.keys),
            "chosen": list(self.chosen),
            "by_what_they_say": self.by_what_they_say,
        }
