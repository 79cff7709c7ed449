"""Hashing passwords, one at a time.

A hash costs most of a second of one core, on purpose. Several at once would take all cores from
the pages of everybody else.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneAtATime(PBKDF2PasswordHasher):
    """Django's own hasher; the processes of one machine, or container, wait for each other."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _alone():
            return super().encode(password, salt, iterations)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock on this file, which every process of the portal can open."""
    with Path(__file__).open("rb") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        yield  # closing the file lets the next one go on
