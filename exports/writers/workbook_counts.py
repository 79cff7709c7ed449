"""The counts in an Excel file, of its own responses; small ones are hidden if the call wants it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from core.disclosure_control import Shown, TooFew, as_they_are, hidden_among
from exports.counts.answers import count_answers
from exports.types import Dataset
from exports.writers.count_lines import CountLine, count_lines
from submissions.responses.states import Timing

Cells = tuple[str | None, ...]


class ResponseCounts:
    """Counts the responses of one file, by day and timing, and by every closed question."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._hides = dataset.call.hides_small_counts
        names = [column.name for column in dataset.columns]
        self._at, self._timing = names.index("submitted_at"), names.index("timing")
        self._timings = {str(label): key for key, label in Timing.choices}  # where it has labels
        self._by_day: Counter[str] = Counter()
        self._by_timing: Counter[str] = Counter()
        self._total = 0

    def counting(self, rows: Iterable[Cells]) -> Iterator[Cells]:
        """Yield the cells of each response, and count it."""
        for cells in rows:
            self._total += 1
            # ISO 8601 in the call's time zone: the day comes first.
            self._by_day[(cells[self._at] or "").partition("T")[0]] += 1
            timing = cells[self._timing] or ""
            self._by_timing[self._timings.get(timing, timing)] += 1
            yield cells

    def lines(self) -> Iterator[CountLine]:
        """Yield the total, which stands, and the counts; a table of its own for each `by`."""
        yield CountLine("responses", "", "All in this file", Shown(self._total))
        yield from self._table("day", dict.fromkeys(sorted(self._by_day), ""), self._by_day)
        yield from self._table("timing", dict(Timing.choices), self._by_timing)
        yield from count_lines(count_answers(self._dataset))

    def _table(
        self, by: str, labels: Mapping[str, str], counted: Counter[str]
    ) -> Iterator[CountLine]:
        """Yield the lines of counts that add up to the total."""
        numbers = [counted[key] for key in labels]
        try:
            shown = (hidden_among if self._hides else as_they_are)(numbers)
        except TooFew:
            shown = [Shown(None) for _ in numbers]
        for (key, label), count in zip(labels.items(), shown, strict=True):
            yield CountLine(by, key, label, count)
