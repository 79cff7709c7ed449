"""The counts of a dataset's closed questions as lines: one for each option, with its base."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.disclosure_control import FEW, Shown, is_few
from exports.counts.answers import CountedAnswers
from exports.counts.closed import NOT_ANSWERED, NOT_ASKED
from exports.counts.facets import facet_counts
from exports.counts.tables import question_tables
from exports.counts.types import OptionCount, QuestionCounts

HEADER = {
    "by": "What is counted: the key of the question, or of bands that follow from one.",
    "row": "The key of the row, where the question has rows.",
    "question": "The question, or the name of the bands.",
    "value": "The key of the option; (not answered) and (not asked) are none.",
    "meaning": "The option's label.",
    "responses": "How many responses chose it.",
    "share": "Which part of those who were asked, 0 to 1, rounded down.",
    "asked": "How many were asked, by the questions as they are now: the base of the shares.",
    "answered": "How many of these answered.",
}
LEFT_IN_WORDS = {NOT_ANSWERED: "Not answered", NOT_ASKED: "Not asked"}


@dataclass(frozen=True)
class CountLine:
    """How many responses have `value` in what `by` names; `meaning` is the value's label.

    `share` is None where a number behind it is hidden, `asked` and `answered` where there are none.
    """

    by: str
    value: str
    meaning: str
    responses: Shown
    row: str = ""
    question: str = ""
    share: Fraction | None = None
    asked: Shown | None = None
    answered: Shown | None = None


def in_words(count: Shown | None) -> str:
    if count is None:
        return ""
    if count.number is not None:
        return str(count.number)
    return f"fewer than {FEW}" if count.is_few else "not shown"


def count_lines(answers: CountedAnswers) -> Iterator[CountLine]:
    """Yield a table for each closed question, then one for each division of a facet into bands."""
    call = answers.call
    tables = question_tables(answers)
    if answers.withheld:
        number = answers.withheld
        hides = call.hides_small_counts and is_few(number)
        yield CountLine(
            "responses",
            "confidential",
            "Of these, confidential ones: counted by day, timing and publication alone",
            Shown(None, is_few=True) if hides else Shown(number),
        )
    for table in tables.values():
        yield from _lines(table, table.of.question.key, table.of.label, table.options)
    facets = facet_counts(call, tables, answers.chosen)
    for _facet, question in call.facet_questions:
        for derived in call.derived_from(question):
            key = derived["key"]
            yield from _lines(tables[question.key], key, derived["label"], facets[key])


def _lines(
    table: QuestionCounts, by: str, name: str, options: Sequence[OptionCount]
) -> Iterator[CountLine]:
    for option in options:
        left = LEFT_IN_WORDS.get(option.key, "")
        yield CountLine(
            by=by,
            row=table.of.row,
            question=name,
            value=f"({left.lower()})" if left else option.key,
            meaning=left or option.label,
            responses=Shown(option.responses, option.is_few),
            share=table.share(option),
            asked=table.asked,
            answered=table.answered,
        )
