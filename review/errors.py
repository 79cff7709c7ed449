"""Refusals of reviewing."""

from core.errors import PortalError


class StatusRefused(PortalError):
    """Only a submitted response has a status that can change."""


class StatusOutdated(PortalError):
    """Somebody else changed the status, or the author the response; `message` says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CodingRefused(PortalError):
    """A code or a coding is not possible; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
