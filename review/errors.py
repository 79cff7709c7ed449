"""What is refused of reviewing."""

from core.errors import PortalError


class StatusRefused(PortalError):
    """The status of a response that is not submitted cannot change."""


class CodingRefused(PortalError):
    """A code or a coding cannot be; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
