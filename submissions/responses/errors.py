"""What responses refuse, but for `answering.ResponseIncomplete`, which has what is missing.

Messages are for developers; pages choose their own words.
"""

from datetime import datetime

from core.errors import PortalError


class CallNotOpen(PortalError):
    """The call takes no responses at this moment.

    `at` is the moment of the request, `closes_at` the deadline that applied; both are aware.
    """

    def __init__(self, *, at: datetime, closes_at: datetime) -> None:
        super().__init__(f"call not open at {at.isoformat()} (closes {closes_at.isoformat()})")
        self.at = at
        self.closes_at = closes_at


class CallClosed(CallNotOpen):
    """`at` is not before the deadline."""


class CallNotYetOpen(CallNotOpen):
    """`at` is before the opening time."""


class AlreadySubmitted(PortalError):
    """The response is no longer a draft, so its working answers cannot change."""


class ResponseGone(PortalError):
    """The draft was deleted after it was read: by its author, or because its time was over."""


class ChangedSinceSeen(PortalError):
    """The response was changed after its author checked it."""


class NotSubmitted(PortalError):
    """The response is a draft: there is nothing to reopen or withdraw yet."""


class ResponseWithdrawn(PortalError):
    """The response was withdrawn or erased: its author can change it no more."""


class EntryRefused(PortalError):
    """A response cannot be entered or discarded so; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ImportRefused(PortalError):
    """A file with many responses cannot be read or carried out; `message` is for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class QuestionRefused(PortalError):
    """A question cannot be put to the author of a response; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AnswerNotTaken(PortalError):
    """A question takes no answer any more; `why` says which page explains it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AccessEnded(PortalError):
    """The author took the colleague's access back, or what they shared is over."""


class MayNotSubmit(PortalError):
    """The author has not allowed this colleague to submit."""


class SharingRefused(PortalError):
    """Somebody cannot be invited; `message` is a sentence for the author of the response."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LinkDead(PortalError):
    """The link is unknown, used, superseded or expired, or its address was replaced."""


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


class NoFreeReference(PortalError):
    """REFERENCE_TRIES tries found no unused reference."""


class LatePassRefused(PortalError):
    """A late pass cannot be given or revoked; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ErasureRefused(PortalError):
    """A request to erase cannot be made or decided; `message` is a sentence for staff."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
