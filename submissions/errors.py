"""What the domain refuses. Messages are for developers; pages choose their own words."""

from datetime import datetime
from typing import Any


class PortalError(Exception):
    """Base of every refusal that the domain makes on purpose."""


class CallNotOpen(PortalError):
    """The call does not take responses at this moment.

    `at` is the aware moment judged; `closes_at` the aware deadline that applied.
    """

    def __init__(self, *, at: datetime, closes_at: datetime) -> None:
        super().__init__(f"call not open at {at.isoformat()} (closes {closes_at.isoformat()})")
        self.at = at
        self.closes_at = closes_at


class CallClosed(CallNotOpen):
    """`at` is not before the deadline."""


class CallNotYetOpen(CallNotOpen):
    """`at` is before the opening time."""


class ResponseIncomplete(PortalError):
    """Submitting was asked for while `faults` (list of `domain.answering.Fault`) stand."""

    def __init__(self, faults: list[Any]) -> None:
        super().__init__(f"{len(faults)} answers are missing or need changing")
        self.faults = faults


class AlreadySubmitted(PortalError):
    """The response is no longer a draft, so its working answers cannot change."""


class ChangedSinceSeen(PortalError):
    """The response is no longer as it was when its author checked it."""


class NotSubmitted(PortalError):
    """The response is a draft, so there is nothing yet to change or withdraw."""


class ResponseWithdrawn(PortalError):
    """The response was withdrawn by its author."""


class LinkDead(PortalError):
    """The link back to a response is unknown, used, superseded or expired."""


class AnswerRefused(PortalError):
    """A value cannot be stored; `message` is a sentence for the respondent."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FileRefused(PortalError):
    """An upload was refused; `message` is a sentence for the respondent."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DefinitionRefused(PortalError):
    """A call definition cannot be loaded; `faults` is a list of one-line sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NoFreeReference(PortalError):
    """No unused reference was found in the permitted number of tries."""


class StatusRefused(PortalError):
    """The status of a response that is not submitted cannot change."""


class ClosingTimeRefused(PortalError):
    """A call cannot be given that closing time; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LatePassRefused(PortalError):
    """A late pass cannot be given or taken back; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ResendRefused(PortalError):
    """A mail cannot be sent again; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ResetRefused(PortalError):
    """A rehearsal cannot be reset; the text is a sentence for operators."""


class CodingRefused(PortalError):
    """A code or a coding cannot be; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
