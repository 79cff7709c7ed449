"""Rows of a query that several writers read, asked for once."""

import pickle  # nosec B403 - reads what this process wrote into a file without a name
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

Row = tuple[Any, ...]


class KeptRows:
    """The rows of the latest query that was read through it, kept for readers that ask the same.

    All must read the same moment of the database, and each to its end before the next begins.
    `file` is a temporary one.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._kept: object = None

    def of(
        self, query: object, asked: Callable[[], Iterator[Sequence[Row]]]
    ) -> Iterator[Sequence[Row]]:
        """Yield the rows of `query` in batches: those that are kept, or else those that it asks."""
        self._file.seek(0)
        if query == self._kept:
            while batch := pickle.load(self._file):  # noqa: S301  # nosec B301 - as above
                yield batch
            return
        self._kept = None
        self._file.truncate()
        for batch in asked():
            pickle.dump(batch, self._file, pickle.HIGHEST_PROTOCOL)
            yield batch
        pickle.dump((), self._file)
        self._kept = query
