"""Whether the database and the store of files take what is written, tried and taken back.

Strangers may ask, so each process tries at most once in EVERY seconds; a bucket, where each request
costs money, once in EVERY_OF_S3 while it works.
"""

import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction

from core import disk_reserve
from core.outages import outage_of
from core.stores import bucket

EVERY = 5.0  # seconds
EVERY_OF_S3 = 30.0  # seconds
# More than a page of a table has room for, so that a full disk is met.
SIZE = 16_384  # characters
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tried:
    at: float
    said: str


_latest: dict[str, Tried] = {}


def forget() -> None:
    """Try again at the next question."""
    _latest.clear()


def database_in_words() -> str:
    """Return why nothing can be written; "" if it can.

    Raises DatabaseError for what is no outage.
    """
    return _once("database", _try_database)


def files_in_words() -> str:
    """Return why no file can be taken; "" if it can."""
    if settings.FILES_ON_S3:
        return _once("bucket", _try_bucket, every=EVERY_OF_S3)
    return _once("files", _try_files)


def _once(what: str, tries: Callable[[], str], *, every: float = EVERY) -> str:
    now = monotonic()
    latest = _latest.get(what)
    if latest is None or now - latest.at >= (EVERY if latest.said else every):
        latest = _latest[what] = Tried(now, tries())
    return latest.said


def _try_database() -> str:
    try:
        with transaction.atomic():
            Session.objects.create(
                session_key=f"try-{secrets.token_hex(16)}",
                session_data=secrets.token_urlsafe(SIZE),
                expire_date=LONG_AGO,
            )
            transaction.set_rollback(True)
    except DatabaseError as error:
        if outage_of(error) is None:
            raise
        return "takes no writes"
    return ""


def _try_bucket() -> str:
    return bucket().problem()


def _try_files() -> str:
    try:
        with tempfile.TemporaryFile(dir=disk_reserve.folder()) as file:
            file.write(b"ready")
            file.flush()
        has_room = disk_reserve.has_room_for(0)
    except OSError as error:
        return f"cannot be written ({error.strerror})"
    return "" if has_room else f"less than {settings.DISK_RESERVE_MB:,} MB are free"
