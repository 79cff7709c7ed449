"""Advisory locks of PostgreSQL which a process holds for minutes, so that it works alone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def held(number: int, *, connection: BaseDatabaseWrapper) -> Iterator[bool]:
    """Hold the lock during the block, if no other process does; yield whether this one does.

    `connection` is a copy for this alone, which is closed at the end. A transaction holds the lock,
    so PgBouncer gives its connection to nobody else. If the process dies, PostgreSQL frees it.
    """
    try:
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
            is_held = cursor.fetchone() == (True,)
        yield is_held
    finally:
        with suppress(Error):  # the server may be gone
            connection.rollback()  # it frees the lock now, and closing only some time later
        connection.close()
