"""Refusals about people."""

from core.errors import PortalError


class MembershipRefused(PortalError):
    """A membership is not possible, or not for this person to give; `message` is a sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AlreadyHere(PortalError):
    """Somebody with this address can sign in already; the argument is a sentence."""
