"""One file in the making: what it holds, who asked for it and when, and how far it is."""

from collections.abc import Callable
from datetime import datetime

from exports.types import Dataset


class UnsupportedByFormat(Exception):
    """The format cannot hold what was chosen; the message is one line for people."""


class Cancelled(Exception):
    """The export was cancelled, or another worker has it."""


class ExportContext:
    """What a writer is handed. It calls `row_done` once a response.

    `by` names who asked, for the manifest; `at` is the moment of asking, aware. `progress` is
    called with the number of responses written so far.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        by: str,
        at: datetime,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.dataset = dataset
        self.by = by
        self.at = at
        self.rows = 0
        self._progress = progress

    def row_done(self, rows: int = 1) -> None:
        self.rows += rows
        if self._progress is not None:
            self._progress(self.rows)
