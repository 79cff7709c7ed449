"""Tables of counted answers, with small counts hidden where the call asks for it.

The tables of several questions together must not tell a hidden count either. Who is asked a
question may depend on the answer to another. So the number who were not asked it may follow from
the other's table, and the other way round. Therefore, where a call hides small counts:

- Among the options of a question that is asked only of some, enough are hidden even for a reader
  who knows how many were asked, or how many answered it.
- Where a table hides a count, no question that depends on it says how many were asked or answered.

So one page may not show a table as it would be without the others: all are made together.
No table but that of the publication counts withheld responses: they are `apart` from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.disclosure_control import (
    Shown,
    TooFew,
    as_they_are,
    hidden_among,
    is_few,
    leaves_few,
    without_few_that_are_told,
)
from exports.consent import asks_publication
from exports.counts.answers import CountedAnswers
from exports.counts.closed import (
    LEFT,
    NOT_ANSWERED,
    NOT_ASKED,
    ClosedQuestion,
    Dependencies,
    closed_questions,
)
from exports.counts.types import OptionCount, QuestionCounts
from submissions.calls.states import Publication


@dataclass(frozen=True)
class _Counted:
    """One table before it is hidden; `apart` of the responses are in none of its lines."""

    labels: Mapping[str, str]
    numbers: Mapping[str, int]
    apart: int
    asked: int
    answered: int

    @property
    def readable(self) -> int:
        return self.asked + self.numbers.get(NOT_ASKED, 0)


def question_tables(
    answers: CountedAnswers, *, strict: frozenset[str] = frozenset()
) -> dict[str, QuestionCounts]:
    """Return the table of each closed question by its key.

    Raises TooFew where a table of `strict` would tell a hidden count, however much of it is hidden.
    Any other such table is hidden as a whole, and so is each table where there are few responses.
    """
    call = answers.call
    depends = Dependencies(call)
    closed = closed_questions(call)
    counted = {each.key: _numbers(each, answers, depends) for each in closed}
    if call.hides_small_counts and (is_few(answers.total) or is_few(answers.readable)):
        return {each.key: _all_hidden(each, counted[each.key], depends) for each in closed}
    hidden: dict[str, set[str]] = {}
    tables: dict[str, QuestionCounts] = {}
    # What one table hides may make another hide more: until nothing changes.
    while True:
        for each in closed:
            tables[each.key] = _table(
                each,
                counted[each.key],
                hides=call.hides_small_counts,
                is_conditional=depends.is_conditional(each.question.key),
                is_dependent=depends.is_any(each.question.key),
                on_hidden=depends.on_hidden(each.question.key, hidden),
                spares_others=each.key not in strict,
            )
        found = hidden_options(tables)
        if found == hidden:
            return tables
        hidden = found


def hidden_options(tables: Mapping[str, QuestionCounts]) -> dict[str, set[str]]:
    """Return the options whose counts are hidden, by the key of the question."""
    found: dict[str, set[str]] = {}
    for table in tables.values():
        hidden = {option.key for option in table.options if option.responses is None}
        if hidden:
            found.setdefault(table.of.question.key, set()).update(hidden)
    return found


def _numbers(each: ClosedQuestion, answers: CountedAnswers, depends: Dependencies) -> _Counted:
    """Every option in order, chosen or not; then those no longer offered, and who chose none."""
    chosen = answers.chosen[each.key]
    is_publication = each.key == "publication" and asks_publication(answers.call)
    labels = dict(each.labels)
    if is_publication and chosen[Publication.CONFIDENTIAL.value]:
        # A response that left the question open is confidential, whatever the call offers.
        confidential = Publication.CONFIDENTIAL
        labels.setdefault(confidential.value, str(confidential.label))
    labels |= {key: key for key in sorted(set(chosen) - set(labels) - set(LEFT))}
    labels[NOT_ANSWERED] = ""
    if depends.is_conditional(each.question.key):
        labels[NOT_ASKED] = ""
    base = answers.total if is_publication else answers.readable
    asked = base - chosen[NOT_ASKED]
    return _Counted(
        labels=labels,
        numbers={key: chosen[key] for key in labels},
        apart=0 if is_publication else answers.withheld,
        asked=asked,
        answered=asked - chosen[NOT_ANSWERED],
    )


def _table(
    each: ClosedQuestion,
    counted: _Counted,
    *,
    hides: bool,
    is_conditional: bool,
    is_dependent: bool,
    on_hidden: bool,
    spares_others: bool,
) -> QuestionCounts:
    if not hides:
        shown = dict(zip(counted.numbers, as_they_are([*counted.numbers.values()]), strict=True))
        asked, answered = Shown(counted.asked), Shown(counted.answered)
    else:
        try:
            if each.may_have_several:
                shown = _several_hidden(counted, on_hidden=on_hidden)
            else:
                shown = _parts_hidden(counted, is_dependent=is_dependent, on_hidden=on_hidden)
        except TooFew:
            if not (spares_others or is_dependent):
                raise
            shown = dict.fromkeys(counted.numbers, Shown(None))
        asked, answered = _base(counted, shown, on_hidden=on_hidden)
    options = [
        OptionCount(key, counted.labels[key], count.number, count.is_few)
        for key, count in shown.items()
    ]
    return QuestionCounts(each, is_conditional, options, asked, answered)


def _all_hidden(each: ClosedQuestion, counted: _Counted, depends: Dependencies) -> QuestionCounts:
    options = [OptionCount(key, label, None) for key, label in counted.labels.items()]
    is_conditional = depends.is_conditional(each.question.key)
    return QuestionCounts(each, is_conditional, options, Shown(None), Shown(None))


def _base(counted: _Counted, shown: Mapping[str, Shown], *, on_hidden: bool) -> tuple[Shown, Shown]:
    """Return how many were asked and how many answered, where neither tells a hidden number.

    Who was asked is all but those who were not; who answered, all but these and the silent ones.
    """
    few_apart = is_few(counted.apart)
    left_hidden = [key for key in LEFT if key in shown and shown[key].number is None]
    asked = answered = Shown(None)
    if not (few_apart or on_hidden or NOT_ASKED in left_hidden or is_few(counted.asked)):
        asked = Shown(counted.asked)
        if not (left_hidden or is_few(counted.answered)):
            answered = Shown(counted.answered)
    return asked, answered


def _parts_hidden(counted: _Counted, *, is_dependent: bool, on_hidden: bool) -> dict[str, Shown]:
    """Hide among lines that exclude each other: together they are all readable responses."""
    keys = list(counted.numbers)
    numbers = list(counted.numbers.values())
    options = [number for key, number in counted.numbers.items() if key not in LEFT]
    also: set[int] = set()
    if is_dependent:
        also |= _hidden_places(hidden_among(options))
        also |= _hidden_places(hidden_among([*options, counted.numbers[NOT_ANSWERED]]))
    also |= {keys.index(key) for key in _left_to_hide(counted, on_hidden=on_hidden)}
    shown = hidden_among(numbers, also=also, apart=counted.apart)
    return dict(zip(keys, shown, strict=True))


def _several_hidden(counted: _Counted, *, on_hidden: bool) -> dict[str, Shown]:
    """Hide what is small or leaves few, among options that overlap; who chose none are parts."""
    left = [key for key in LEFT if key in counted.numbers]
    also = {1 + left.index(key) for key in _left_to_hide(counted, on_hidden=on_hidden)}
    parts = [counted.answered, *(counted.numbers[key] for key in left)]
    _answered, *shown_left = hidden_among(parts, also=also, apart=counted.apart)
    bases = (counted.readable + counted.apart, counted.readable, counted.asked, counted.answered)
    shown = {
        key: Shown(None, is_few=is_few(number))
        if is_few(number) or any(leaves_few(number, base) for base in bases)
        else Shown(number)
        for key, number in counted.numbers.items()
        if key not in LEFT
    } | dict(zip(left, shown_left, strict=True))
    asked = [key for key in shown if key != NOT_ASKED]
    numbers = [counted.numbers[key] for key in asked]
    told = without_few_that_are_told(numbers, [shown[key] for key in asked], total=counted.asked)
    return shown | dict(zip(asked, told, strict=True))


def _left_to_hide(counted: _Counted, *, on_hidden: bool) -> list[str]:
    """Return which of the lines “(not answered)” and “(not asked)” are hidden. A nought is not."""
    left = {key: counted.numbers[key] for key in LEFT if counted.numbers.get(key)}
    if on_hidden or leaves_few(sum(left.values()), counted.readable):
        return list(left)
    return [key for key, number in left.items() if leaves_few(number, counted.readable)]


def _hidden_places(shown: Sequence[Shown]) -> set[int]:
    return {place for place, count in enumerate(shown) if count.number is None}
