"""Several attempts: the others are made, too, where one fails.

with Attempts(logger) as attempts:
    for call in calls:
        with attempts.at("call %s", call.pk):
            ...
"""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import Logger
from typing import Self

from django.db import Error as DatabaseError

from core.errors import PortalError
from core.outages import StoreAway, outage_of


class SomeFailed(PortalError):
    """Attempts failed, each of which the log names; the first is the cause."""


class Attempts:
    """Logs each attempt that fails, and raises SomeFailed at the end if one had a fault.

    A store of files that is away is no fault: who has many files to ask it for stops once
    `store_is_away`. A database that is away fails every attempt, so its error ends the first.
    """

    def __init__(self, logger: Logger) -> None:
        self.store_is_away = False
        self._logger = logger
        self._faults: list[Exception] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_raised: object) -> None:
        if kind is None and self._faults:
            raise SomeFailed(f"{len(self._faults)} failed") from self._faults[0]

    @contextmanager
    def at(self, what: str, *words: object) -> Iterator[None]:
        """Try what the block does; `what` and its words name it in the log."""
        try:
            yield
        except StoreAway as error:
            self.store_is_away = True
            self._logger.error("%s: not done, %s: %s", what % words, error.host, error)
        except SomeFailed as error:
            self._faults.append(error)
        except Exception as error:
            if isinstance(error, DatabaseError) and outage_of(error):
                raise
            # The log's formatter leaves out messages, which may hold what somebody wrote.
            self._logger.exception("%s: not done", what % words)
            self._faults.append(error)
