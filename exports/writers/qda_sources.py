"""The source of a response in a REFI-QDA project: its text answers, each under its question."""

from dataclasses import dataclass

from exports.consent import says_who
from exports.types import Dataset, Record
from exports.writers.record_answers import answers
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS

# A source has one line of this between its answers, so that people see where one ends.
APART = "\n\n\n"


@dataclass(frozen=True)
class AnswerRange:
    """Where an answer stands in its source: `[start, end)`."""

    question: Question
    start: int
    end: int


def source_text(dataset: Dataset, record: Record) -> tuple[str, list[AnswerRange]]:
    """Return the response's source, and where each of its text answers stands in it."""
    parts = [f"{record.reference}\n"]
    length = len(parts[0])
    ranges = []
    for question, answer in answers(dataset, record):
        if not answer or not _is_in_source(question):
            continue
        heading = f"{APART}{question.label}\n\n"
        start = length + len(heading)
        ranges.append(AnswerRange(question, start, start + len(answer)))
        parts += [heading, answer]
        length = start + len(answer)
    return "".join([*parts, "\n"]), ranges


def text_questions(dataset: Dataset) -> list[Question]:
    return [question for question in dataset.questions if _is_in_source(question)]


def _is_in_source(question: Question) -> bool:
    return question.kind in TEXT_KINDS and not says_who(question)
