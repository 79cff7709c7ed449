"""What is refused of sending mail again."""

from core.errors import PortalError


class ResendRefused(PortalError):
    """A mail cannot be sent again; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
