"""A record's answers, one by one and in the order of the questions, for people to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core import spoken_time
from exports.consent import asks_publication
from exports.types import Dataset, File, Record
from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.states import Timing, TriageStatus

MAY_QUOTE = "This response may be quoted."
DO_NOT_QUOTE = "Do not quote from this response."
CONFIDENTIAL = "Confidential: for the project team only. Do not publish or quote."
NEVER_PUBLISHED = "For use inside the project only. Do not publish or quote."


@dataclass(frozen=True)
class ReadAnswer:
    """One answer: the question, and either lines of choices or paragraphs of a text."""

    key: str
    question: str
    lines: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class ReadSection:
    title: str
    answers: tuple[ReadAnswer, ...]


def answers(dataset: Dataset, record: Record) -> Iterator[tuple[Question, Any]]:
    """Yield the questions with the stored answers, those that there are and the export shows."""
    held = {"identity": record.identity, "texts": record.texts, "choices": record.choices}
    for question, place in dataset.places:
        value = held[place].get(question.key)
        if value is not None:
            yield question, value


def roles(dataset: Dataset, record: Record) -> Iterator[str]:
    """Yield the roles in which the response was given, as far as it is shown.

    A role is said by its short label, or by its label where the definition has no short one.
    """
    short_labels = {
        question.key: facet.get("short_labels", {})
        for facet, question in dataset.call.facet_questions
    }
    for question, value in answers(dataset, record):
        if question.kind == QuestionKind.ROLES:
            labels = question.option_labels | short_labels.get(question.key, {})
            yield from (labels.get(key, key) for key in value)


def facts(dataset: Dataset, record: Record) -> list[str]:
    """Return the facts of a reading copy, short enough to stand on one line."""
    cells = {
        column.name: cell or "" for column, cell in zip(dataset.columns, record.cells, strict=True)
    }
    at = spoken_time.say_in_short(record.received_at, dataset.call.timezone)
    timing = Timing(cells["timing"]).label
    said = [f"Received {at}", timing, f"Publication: {cells['publication']}"]
    if record.is_withheld:
        return said
    if record.number > 1:
        said.insert(1, f"Version {record.number}")
    said.append(f"Status: {TriageStatus(cells['status']).label}")
    words, files = int(cells["words"] or 0), len(record.files)
    said.append(f"{words:,} {'word' if words == 1 else 'words'}")
    if files:
        said.append(f"{files} {'file' if files == 1 else 'files'}")
    if cells["codes"]:
        said.append(f"Codes: {cells['codes']}")
    return said


def leave_to_quote(dataset: Dataset, record: Record) -> str:
    if record.is_confidential:
        return CONFIDENTIAL
    if not asks_publication(dataset.call):
        return NEVER_PUBLISHED
    return MAY_QUOTE if record.may_quote else DO_NOT_QUOTE


def sections(dataset: Dataset, record: Record) -> Iterator[ReadSection]:
    """Yield the sections in which anything was answered, each with those answers."""
    found: dict[str, list[ReadAnswer]] = {}
    for question, value in answers(dataset, record):
        if value not in ("", [], {}):
            found.setdefault(question.section.title, []).append(_read(question, value))
    for title, given in found.items():
        yield ReadSection(title, tuple(given))


def file_name(record: Record, file: File) -> str:
    """Return the name by which an export has a file: the respondent's own name is not in it."""
    return f"{record.reference}/{record.reference}-{file.number}.{file.leaves_as}"


def _read(question: Question, value: Any) -> ReadAnswer:
    if question.kind in TEXT_KINDS:
        return ReadAnswer(question.key, question.label, (), value)
    return ReadAnswer(question.key, question.label, tuple(_chosen(question, value)))


def _chosen(question: Question, value: Any) -> Iterator[str]:
    labels = question.option_labels
    if question.kind in MULTIPLE_KINDS:
        yield from (labels.get(key, key) for key in value)
    elif question.kind == QuestionKind.MATRIX:
        for row in question.rows:
            if row["key"] in value:
                yield f"{row['label']}: {labels.get(value[row['key']], value[row['key']])}"
    elif question.kind == QuestionKind.CHECKBOX:
        yield "Yes"
    else:
        yield labels.get(value, value)
