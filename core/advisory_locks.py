"""Letting one process alone do something for minutes, by an advisory lock of PostgreSQL's."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def held(number: int, *, by: BaseDatabaseWrapper) -> Iterator[bool]:
    """Hold the lock meanwhile; yield whether it was free.

    `by` is a copy of the connection for this alone: a transaction holds the lock, which keeps its
    connection behind PgBouncer, too. It ends with this process however that ends.
    """
    try:
        by.set_autocommit(False)
        with by.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
            is_free = cursor.fetchone() == (True,)
        yield is_free
    finally:
        by.close()
