"""Telling an outage, which passes, from a fault of the portal's own.

An outage is a database that is away, refuses connections, takes no writes or has no room, or a disk
or bucket for files that does not. Time-outs of locks and statements and deadlocks are no outages.
"""

import errno
import re
from dataclasses import dataclass

import psycopg2
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from core import schema
from core.error_chain import led_to

TRY_AGAIN_AFTER = 30  # seconds
# Classes and codes of SQLSTATE (PostgreSQL's manual, appendix A): no connection, no resources, an
# operator's intervention, an error of its system; a transaction that may only read.
STATES = ("08", "53", "57P", "58", "25006")
# No such table, no such column.
OF_ANOTHER_SCHEMA = ("42P01", "42703")
# Before what the server says to who may not connect; psycopg2 has no SQLSTATE of that.
FATAL = "FATAL:"
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
    return next((found for one in led_to(error) if (found := _database(one) or _files(one))), None)


def refusal_of(error: DatabaseError) -> str:
    """Return why PostgreSQL, which answers, lets nobody in; "" if that is not what happened.

    Its own words without the names in them, such as: password authentication failed for user "…".
    """
    outage = _database(error)
    _, fatal, said = outage.reason.partition(FATAL) if outage else ("", "", "")
    return re.sub('"[^"]*"', '"…"', said.strip()) if fatal else ""


def way_out(
    error: DatabaseError | psycopg2.Error | StoreAway, *, then: str = "run this again"
) -> str:
    """Return in one line what is away and what to do, for who runs commands; "" if it is no outage.

    A database that lacks tables or columns of this release counts as one, and a role without a
    right. Database and store of files alone: the disk that another error tells of may be any. Call
    it outside a transaction.
    """
    if isinstance(error, StoreAway):
        why = _line(str(error)).rstrip(".")
        return f"{error.host}: {why}. Run this again once /readyz/ says that uploads are ok."
    outage = _database(error)
    if outage is None:
        return _of_another_schema(error) or _without_right(error)
    why, names = outage.reason.rstrip("."), "DATABASE_URL"
    if settings.MIGRATION_DATABASE is not None:
        names += " and MIGRATION_DATABASE_URL"
    return f"The database does not serve: {why}. Look at PostgreSQL and {names}; {then}."


def _of_another_schema(error: DatabaseError | psycopg2.Error) -> str:
    """Return why the database has not what was asked for, with what to do; "" if it has."""
    # A cursor that was never opened cannot be closed, and says so in place of the first error.
    if not any(getattr(one, "pgcode", None) in OF_ANOTHER_SCHEMA for one in led_to(error)):
        return ""
    try:
        return schema.problem()
    except DatabaseError:
        return ""


def _without_right(error: DatabaseError | psycopg2.Error) -> str:
    return next(filter(None, map(schema.without_right, led_to(error))), "")


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
