"""Counts of every facet and of the bands derived from it, with small counts hidden on request.

The tables of several facets together must not tell a hidden count either. Who is asked a question
may depend on the answer to another. So the number who did not answer it may follow from the
other's table, and the other way round. Therefore, where a call hides small counts:

- Among the options of a question that is asked only of some, enough are hidden even for a reader
  who knows how many answered it.
- Where a table hides a count, no question that depends on it says how many answered it.

No table counts confidential responses: they are `apart` from it.
"""

from collections.abc import Mapping, Sequence

from core.disclosure_control import (
    Shown,
    TooFew,
    as_they_are,
    each_hidden,
    hidden_among,
    is_few,
    leaves_few,
)
from exports.counts.types import OptionCount
from submissions.calls import conditions
from submissions.calls.facets import DerivedFacet, band_of_option
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind

Dependencies = Mapping[str, frozenset[str]]


def facet_counts(
    call: Call,
    counted: Mapping[str, Mapping[str, int]],
    *,
    total: int,
    apart: int = 0,
    spares_others: bool = False,
) -> dict[str, list[OptionCount]]:
    """Return the table of each facet by its question's key, and of its bands by their own key.

    `counted` has the responses by facet and option, those without an answer under the empty key;
    `apart` of the `total` are in none of them.
    Raises TooFew where a table would tell a hidden count whatever is hidden of it; if
    `spares_others`, all of that table is hidden instead.
    """
    depends_on = dependencies(call)
    hiding: set[str] = set()
    tables: dict[str, list[OptionCount]] = {}
    # What one table hides may make another hide more: until nothing changes.
    while True:
        for _facet, question in call.facet_questions:
            needs = depends_on[question.key]
            tables[question.key] = _table(
                call,
                question,
                counted[question.key],
                total=total,
                apart=apart,
                is_conditional=bool(needs),
                hides_unanswered=not needs.isdisjoint(hiding),
                spares_others=spares_others,
            )
        found = hiding_facets(call, tables)
        if found == hiding:
            break
        hiding = found
    for _facet, question in call.facet_questions:
        for derived in call.derived_from(question):
            tables[derived["key"]] = _bands(derived, counted[question.key], tables[question.key])
    return tables


def hiding_facets(call: Call, tables: Mapping[str, Sequence[OptionCount]]) -> set[str]:
    """Return the questions whose table hides a count that could be worked out from a sum."""
    return {
        question.key
        for _facet, question in call.facet_questions
        if question.kind == QuestionKind.RADIO
        and any(option.responses is None for option in tables[question.key])
    }


def dependencies(call: Call) -> Dependencies:
    """Return, for each question, all the questions on whose answers it depends who answers it."""
    direct = {
        question.key: {term.key for term in call.questionnaire.conditions[question.key].terms}
        | {term.key for term in _required_if(question)}
        for question in call.questions_in_order
    }
    found: dict[str, frozenset[str]] = {}
    for key in direct:
        seen: set[str] = set()
        to_visit = [*direct[key]]
        while to_visit:
            other = to_visit.pop()
            if other not in seen:
                seen.add(other)
                to_visit += direct[other]
        found[key] = frozenset(seen - {key})
    return found


def _required_if(question: Question) -> Sequence[conditions.Term]:
    return conditions.parse(question.required_if).terms if question.required_if else ()


def _table(
    call: Call,
    question: Question,
    counted: Mapping[str, int],
    *,
    total: int,
    apart: int,
    is_conditional: bool,
    hides_unanswered: bool,
    spares_others: bool,
) -> list[OptionCount]:
    """Every option in order, chosen or not; then those no longer offered, and no answer."""
    labels = dict(question.option_labels)
    labels |= {key: key for key in sorted(set(counted) - set(labels) - {""})}
    options = [counted.get(key, 0) for key in labels]
    unanswered = counted.get("", 0)
    if unanswered:
        labels[""] = ""
    numbers = [counted.get(key, 0) for key in labels]
    if not call.hides_small_counts:
        shown = as_they_are(numbers)
    elif question.kind != QuestionKind.RADIO:
        shown = each_hidden(numbers, total=total, apart=apart)
        if unanswered and hides_unanswered:
            shown[-1] = Shown(None, is_few=is_few(unanswered))
    else:
        hides_unanswered |= leaves_few(unanswered, total - apart)
        try:
            also = _hidden_places(hidden_among(options)) if is_conditional else set()
            if unanswered and hides_unanswered:
                also.add(len(numbers) - 1)
            shown = hidden_among(numbers, also=also, apart=apart)
        except TooFew:
            if not (spares_others or is_conditional):
                raise
            shown = [Shown(None) for _ in numbers]
    return [
        OptionCount(key, label, count.number, count.is_few)
        for (key, label), count in zip(labels.items(), shown, strict=True)
    ]


def _hidden_places(shown: Sequence[Shown]) -> set[int]:
    return {place for place, count in enumerate(shown) if count.number is None}


def _bands(
    derived: DerivedFacet, counted: Mapping[str, int], options: Sequence[OptionCount]
) -> list[OptionCount]:
    """Count the options in their bands.

    A band with a hidden option in it is hidden too: less what is shown of it, it would tell.
    """
    band_of = band_of_option(derived)
    labels = {band["key"]: band["label"] for band in derived["bands"]}
    numbers = dict.fromkeys(labels, 0)
    hidden: set[str] = set()
    for option in options:
        band = band_of.get(option.key, "")
        numbers[band] = numbers.get(band, 0) + counted.get(option.key, 0)
        if option.responses is None:
            hidden.add(band)
    return [
        OptionCount(key, labels.get(key, ""), None, is_few(number))
        if key in hidden
        else OptionCount(key, labels.get(key, ""), number)
        for key, number in numbers.items()
    ]
