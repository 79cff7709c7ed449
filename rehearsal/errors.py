"""Refusals of a rehearsal."""

from core.errors import PortalError


class ResetRefused(PortalError):
    """A rehearsal cannot be reset; the text is a sentence for operators."""
