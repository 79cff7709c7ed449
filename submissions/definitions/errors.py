"""What is refused of a call definition or a closing time."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import PortalError


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place, such as `sections.about_you.name.label`."""

    path: str
    reason: str


class DefinitionRefused(PortalError):
    """A call definition cannot be loaded; `problems` is a list of one-line sentences.

    `found` has the same problems where they are in the tables of a file that is TOML.
    """

    def __init__(self, problems: list[str], found: Sequence[Problem] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.found = found


class ClosingTimeRefused(PortalError):
    """A call cannot be given that closing time; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
