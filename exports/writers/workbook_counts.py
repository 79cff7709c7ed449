"""The counts in an Excel file, of its own responses; small ones are hidden if the call wants it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.disclosure_control import Shown, TooFew, as_they_are, hidden_among
from exports.counts.facets import facet_counts
from exports.types import Dataset, Record
from submissions.responses.states import Timing


@dataclass(frozen=True)
class CountLine:
    """How many responses have `value` in what `by` names; `meaning` is the value's label."""

    by: str
    value: str
    meaning: str
    responses: Shown


class ResponseCounts:
    """Counts the responses of one file, by day, timing and the call's facets.

    Withheld ones are counted by day and timing alone.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._call = dataset.call
        self._zone = ZoneInfo(dataset.call.timezone)
        self._timing = [column.name for column in dataset.columns].index("timing")
        self._timings = {str(label): key for key, label in Timing.choices}  # where it has labels
        self._by_day: Counter[str] = Counter()
        self._by_timing: Counter[str] = Counter()
        self._by_facet: dict[str, Counter[str]] = {
            question.key: Counter() for _facet, question in self._call.facet_questions
        }
        self._total = 0
        self._withheld = 0

    def add(self, record: Record) -> None:
        self._total += 1
        self._by_day[f"{record.submitted_at.astimezone(self._zone):%Y-%m-%d}"] += 1
        timing = record.cells[self._timing] or ""
        self._by_timing[self._timings.get(timing, timing)] += 1
        if record.is_withheld:
            self._withheld += 1
            return
        for key, counted in self._by_facet.items():
            chosen = record.choices.get(key) or ""
            counted.update(chosen if isinstance(chosen, list) else [chosen])

    def lines(self) -> Iterator[CountLine]:
        """Yield the total, which stands, and the counts; a table of its own for each `by`."""
        yield CountLine("responses", "", "All in this file", Shown(self._total))
        yield from self._table("day", dict.fromkeys(sorted(self._by_day), ""), self._by_day)
        yield from self._table("timing", dict(Timing.choices), self._by_timing)
        counts = facet_counts(
            self._call,
            self._by_facet,
            total=self._total,
            apart=self._withheld,
            spares_others=True,
        )
        for _facet, question in self._call.facet_questions:
            for name in (question.key, *(d["key"] for d in self._call.derived_from(question))):
                for option in counts[name]:
                    shown = Shown(option.responses, option.is_few)
                    meaning = option.label if option.key else "Not answered"
                    yield CountLine(name, option.key, meaning, shown)

    def _table(
        self, by: str, labels: Mapping[str, str], counted: Counter[str]
    ) -> Iterator[CountLine]:
        """Yield the lines of counts that add up to the total."""
        numbers = [counted[key] for key in labels]
        try:
            shown = (hidden_among if self._call.hides_small_counts else as_they_are)(numbers)
        except TooFew:
            shown = [Shown(None) for _ in numbers]
        for (key, label), count in zip(labels.items(), shown, strict=True):
            yield CountLine(by, key, label, count)
