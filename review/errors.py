"""Refusals of reviewing."""

from core.errors import PortalError


class ReviewRefused(PortalError):
    """The status, the assignee or the flag cannot change; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ReviewOutdated(PortalError):
    """Somebody else changed the same thing, or the author the response; `message` says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CodingRefused(PortalError):
    """A code or a coding is not possible; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CodebookOutdated(PortalError):
    """Somebody changed the codebook since; nothing of the file came in."""


class DecisionRefused(PortalError):
    """Nothing can be decided like that; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DecisionOutdated(PortalError):
    """Somebody else changed the set; `message` says who, without a full stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoteRefused(PortalError):
    """A note is not possible; `message` is a sentence for staff, `field` what it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class RedactionRefused(PortalError):
    """Nothing is hidden or shown like that; `message` is a sentence for staff, without its stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class QuoteRefused(PortalError):
    """A passage cannot be marked, copied or used as a quote; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MemoRefused(PortalError):
    """A memo is not possible; `message` is a sentence for staff, `field` what it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class MemoOutdated(PortalError):
    """Somebody else changed the memo; `message` says who, in whole sentences."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FindingRefused(PortalError):
    """A finding, the scale or the outline cannot be so; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FindingOutdated(PortalError):
    """Somebody else changed it meanwhile; `message` says who, without a full stop."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
