"""What goes on record about signing in. Nothing that was typed does, nor where it came from."""

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.record import naming, record
from accounts.states import AuditAction
from accounts.usernames import whose_is


def failed_with_password(typed_name: str, *, at: datetime) -> None:
    """Record a wrong name or password: of whom, if somebody has that name.

    Known and unknown names take the same two queries.
    """
    failed("password", user=whose_is(typed_name), at=at)


def failed(what: str, *, user: User | None, at: datetime) -> None:
    """Record a wrong password, code or passkey; who typed it is not known."""
    whose: dict[str, Any] = {} if user is None else naming(user)
    record(by=None, at=at, action=AuditAction.SIGN_IN_FAILED, what=what, **whose)
