"""Telling an outage, which passes, from a fault of the portal's own.

An outage is a database that is away, refuses connections, takes no writes or has no room, or a disk
or bucket for files that does not. Time-outs of locks and statements and deadlocks are no outages.
"""

import errno
from dataclasses import dataclass

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

TRY_AGAIN_AFTER = 30  # seconds
# Classes and codes of SQLSTATE (PostgreSQL's manual, appendix A): no connection, no resources, an
# operator's intervention, an error of its system; a transaction that may only read.
STATES = ("08", "53", "57P", "58", "25006")
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE})


class StoreAway(Exception):
    """The store of files does not answer, or refuses; the message is one line without data.

    It is no OSError: to whoever opens a file, that would be a file that is missing.
    """

    def __init__(self, reason: str, host: str) -> None:
        super().__init__(reason)
        self.host = host


@dataclass(frozen=True)
class Outage:
    """What failed: the exception's class, the host, the reason in one line without data."""

    error: str
    host: str
    reason: str


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that an exception, or one that led to it, tells of; else None."""
    met = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        if found := _database(error) or _files(error):
            return found
        error = error.__cause__ or error.__context__
    return None


def way_out(error: DatabaseError | StoreAway) -> str:
    """Return in one line what is away and what to do, for who runs commands; "" if it is no outage.

    Database and store of files alone: the disk that another error tells of may be any.
    """
    if isinstance(error, StoreAway):
        why = _line(str(error)).rstrip(".")
        return f"{error.host}: {why}. Run this again once /readyz/ says that uploads are ok."
    outage = _database(error)
    if outage is None:
        return ""
    why, names = outage.reason.rstrip("."), "DATABASE_URL"
    if settings.MIGRATION_DATABASE is not None:
        names += " and MIGRATION_DATABASE_URL"
    return f"The database does not serve: {why}. Look at PostgreSQL and {names}; run this again."


def _database(error: BaseException) -> Outage | None:
    if not isinstance(error, DatabaseError):
        return None
    source = error.__cause__
    diagnosis = getattr(source, "diag", None)
    state = getattr(diagnosis, "sqlstate", None) or getattr(source, "pgcode", None) or ""
    if state:
        # These classes' messages name files and settings, no rows.
        reason = getattr(diagnosis, "message_primary", None) or state
        is_one = state.startswith(STATES)
    else:
        # Without a state the server did not answer: the message is of the connection.
        reason = str(error)
        is_one = isinstance(error, OperationalError | InterfaceError)
    host = settings.DATABASES["default"]["HOST"] or "the local socket"
    return Outage(_name(source or error), host, _line(reason)) if is_one else None


def _files(error: BaseException) -> Outage | None:
    if isinstance(error, StoreAway):
        return Outage(_name(error), error.host, _line(str(error)))
    if not isinstance(error, OSError) or error.errno not in DISK:
        return None
    return Outage(_name(error), "the disk of files", _line(error.strerror or ""))


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0].strip() if lines else "no reason given"
