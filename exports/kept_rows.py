"""Rows of queries that several writers read, asked for once."""

import pickle  # nosec B403 - reads what this process wrote into a file without a name
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Self

Row = tuple[Any, ...]


class KeptRows:
    """The rows of each query that was read through it, kept for readers that ask the same.

    All must read the same moment of the database, and each to its end before the next begins. They
    are in temporary files without names, which go as the `with` block ends.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[object, IO[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        for _query, file in self._kept:
            file.close()

    def of(
        self, query: object, asked: Callable[[], Iterator[Sequence[Row]]]
    ) -> Iterator[Sequence[Row]]:
        """Yield the rows of `query` in batches: those that are kept, or else those that it asks."""
        for kept, file in self._kept:
            if kept == query:
                file.seek(0)
                while batch := pickle.load(file):  # noqa: S301  # nosec B301 - as above
                    yield batch
                return
        file = tempfile.TemporaryFile(prefix="portal-rows-")  # noqa: SIM115 - kept beyond this
        try:
            for batch in asked():
                pickle.dump(batch, file, pickle.HIGHEST_PROTOCOL)
                yield batch
            pickle.dump((), file)
        except BaseException:
            file.close()
            raise
        self._kept.append((query, file))
