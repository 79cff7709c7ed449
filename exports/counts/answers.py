"""Counts the answers to every closed question of a dataset's responses, in one query.

It reads no text. Who was asked a question follows from its conditions as the call has them now; a
response that answered it was asked, whatever they say. So a version of an earlier revision counts
as its author gave it.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from exports.consent import asks_publication, withheld_sql
from exports.counts.closed import NOT_ANSWERED, NOT_ASKED, ClosedQuestion, closed_questions
from exports.response_sql import chosen_sql, parameters
from exports.sql_literals import literal_sql
from exports.types import Dataset
from submissions.calls.conditions import Condition, Term
from submissions.calls.models import Call
from submissions.calls.states import Publication

WORDS_FROM = (250, 500, 1_000, 2_000, 5_000)  # where each length after the first begins


@dataclass(frozen=True)
class CountedAnswers:
    """Of `total` responses, all but the `withheld` ones are in the counts by question.

    `chosen` has the responses by the closed question and its option, NOT_ANSWERED and NOT_ASKED
    among them. `asked` has how many were asked each question that not all are asked. `lengths` has
    the responses by the place of their words among WORDS_FROM.
    """

    call: Call
    total: int
    withheld: int
    chosen: Mapping[str, Counter[str]]
    asked: Mapping[str, int]
    lengths: Counter[str]

    @property
    def readable(self) -> int:
        return self.total - self.withheld


def count_answers(dataset: Dataset) -> CountedAnswers:
    """Count in one query, whatever the call asks and the filter names."""
    call = dataset.call
    closed = closed_questions(call)
    conditional = {
        question.key: condition
        for question in call.questions_in_order
        if (condition := call.questionnaire.conditions[question.key]).terms
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _sql(dataset, conditional),
            parameters(dataset) | {"words_from": list(WORDS_FROM)} | _values(conditional),
        )
        rows = [(part, key, _read(value), number) for part, key, value, number in cursor]
    total = sum(number for part, _key, _value, number in rows if part == "all")
    withheld = sum(number for part, key, _value, number in rows if part == "all" and key == "true")
    numbers = next(value for part, _key, value, _number in rows if part == "asked")
    asked = dict(zip(conditional, numbers, strict=False))
    given: dict[str, list[tuple[Any, int]]] = {}
    lengths: Counter[str] = Counter()
    for part, key, value, number in rows:
        if part == "answer":
            given.setdefault(key, []).append((value, number))
        elif part == "words":
            lengths[key] += number
    readable = total - withheld
    chosen = {
        each.key: _counted(
            each,
            given.get(each.question.key, ()),
            asked=asked.get(each.question.key, readable),
            readable=readable,
        )
        for each in closed
    }
    if asks_publication(call) and "publication" in chosen:
        _count_publication(chosen["publication"], withheld)
    return CountedAnswers(call, total, withheld, chosen, asked, lengths)


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _sql(dataset: Dataset, conditional: Mapping[str, Condition]) -> str:
    """One scan of the responses; then their answers by question, whole ones.

    The database counts whole answers, of which there are few, and they are taken apart here. To
    take keys away, even none, fetches a document out of its storage once for all conditions.
    """
    is_asked = (
        f"given.choices ? {literal_sql(key)} OR given.text_keys ? {literal_sql(key)} "
        f"OR {_met_sql(place, condition)}"
        for place, (key, condition) in enumerate(conditional.items())
    )
    # Without a condition, a count all the same: what has no aggregate is a row per response.
    asked = ", ".join(f"count(*) FILTER (WHERE {each})" for each in is_asked) or "count(*)"
    return (
        "WITH chosen AS MATERIALIZED ("  # noqa: S608 - keys are quoted, values are parameters
        "SELECT version.choices - '{}'::text[] AS choices, version.words, "
        f"version.text_keys, {withheld_sql(dataset.call, dataset.scope)} AS is_withheld "
        f"{chosen_sql(dataset, needs_version=True)}), "
        "given AS (SELECT * FROM chosen WHERE NOT is_withheld) "
        "SELECT 'all', is_withheld::text, NULL, count(*) FROM chosen GROUP BY is_withheld "
        f"UNION ALL SELECT 'asked', NULL, to_jsonb(ARRAY[{asked}]::bigint[]), 0 FROM given "
        "UNION ALL SELECT 'words', width_bucket(words, %(words_from)s::int[])::text, NULL, "
        "count(*) FROM given GROUP BY 2 "
        "UNION ALL SELECT 'answer', answer.key, answer.value, count(*) "
        "FROM given CROSS JOIN LATERAL jsonb_each(given.choices) AS answer "
        "GROUP BY answer.key, answer.value"
    )


def _met_sql(place: int, condition: Condition) -> str:
    """SQL of whether the answers of a version meet the condition. An open one is not met."""
    return "(" + " AND ".join(_term_sql(place, n, t) for n, t in enumerate(condition.terms)) + ")"


def _term_sql(place: int, number: int, term: Term) -> str:
    answer = f"given.choices->{literal_sql(term.key)}"
    met = f"{answer} ?| %(values_{place}_{number})s::text[]"
    return f"coalesce({f'NOT ({met})' if term.operator == '!=' else met}, false)"


def _values(conditional: Mapping[str, Condition]) -> dict[str, Any]:
    return {
        f"values_{place}_{number}": list(term.values)
        for place, condition in enumerate(conditional.values())
        for number, term in enumerate(condition.terms)
    }


def _counted(
    each: ClosedQuestion, given: Sequence[tuple[Any, int]], *, asked: int, readable: int
) -> Counter[str]:
    counted: Counter[str] = Counter()
    answered = 0
    for keys, number in _chosen(each, given):
        answered += number
        for key in keys:
            counted[key] += number
    counted[NOT_ANSWERED] = asked - answered
    counted[NOT_ASKED] = readable - asked
    return counted


def _chosen(
    each: ClosedQuestion, given: Sequence[tuple[Any, int]]
) -> Iterator[tuple[list[str], int]]:
    for answer, number in given:
        if keys := each.chosen_in(answer):
            yield keys, number


def _count_publication(counted: Counter[str], withheld: int) -> None:
    """Count as consent reads it: those that are withheld, and those that left it open."""
    left_open = counted[NOT_ANSWERED] + counted[NOT_ASKED]
    counted[Publication.CONFIDENTIAL.value] += withheld + left_open
    counted[NOT_ANSWERED] = counted[NOT_ASKED] = 0
