"""What a writer needs to know of one export: its dataset, who asked for it and when."""

from collections.abc import Callable, Sequence
from datetime import datetime

from exports.types import Dataset


class UnsupportedByFormat(Exception):
    """The format cannot hold what was chosen; the message is one line for people."""


class Cancelled(Exception):
    """The export was cancelled, or another worker has it."""


class ExportContext:
    """What an export hands to its writer. The writer calls `row_done` for each response.

    The writer counts in `lost_files` the files of responses that are missing or damaged, and in
    `removed` the responses of which it says only that a copy elsewhere has to delete them.

    `left_out` has what could not be made of several files in one, with why in words for people.

    `lines` is how many rows the file has below its header, where they are not the responses.

    `by` names who asked, for the manifest; `at` is the aware moment of asking. `row_done` calls
    `progress` with the number of responses written so far.
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
        self.lost_files = 0
        self.removed = 0
        self.left_out: dict[str, str] = {}
        self.lines: int | None = None
        # Called with each progress: it keeps the transaction that the export reads in.
        self.stay_awake: Callable[[], None] = lambda: None
        self._progress = progress

    def lines_done(self, lines: int) -> None:
        """Count rows that are no responses; the progress that people see does not count them."""
        self.rows += lines

    def still_at_work(self) -> None:
        """Tell that the export goes on although no row is done; raises what `progress` raises."""
        self.row_done(0)

    def row_done(self, rows: int = 1) -> None:
        self.rows += rows
        self.stay_awake()
        if self._progress is not None:
            self._progress(self.rows)


class Rounds:
    """Several rounds over the same responses, which people see as one progress.

    `shares` says how long each takes beside the others. `next` returns the context of the next one:
    its rows are the responses that it has written, and the writer's own rows move by its share. A
    round may begin before the one before it is over.
    """

    def __init__(self, context: ExportContext, shares: Sequence[int]) -> None:
        self._context = context
        self._shares = list(shares)
        self._all = sum(shares)
        self._reached = 0

    def next(self) -> ExportContext:
        return self.of(self._shares.pop(0))

    def of(self, share: int) -> ExportContext:
        """Return the context of a round that has this share, where they come in another order."""
        context, told = self._context, 0

        def tell(rows: int) -> None:
            nonlocal told
            self._reached += share * (rows - told)
            told = rows
            context.row_done(self._reached // self._all - context.rows)

        return ExportContext(context.dataset, by=context.by, at=context.at, progress=tell)
