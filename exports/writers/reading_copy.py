"""The content of a reading copy, the same in Word files and PDFs."""

from dataclasses import dataclass
from typing import Any

from core.release import NAME
from exports.export_context import UnsupportedByFormat
from exports.filters import ORDERS
from exports.queries import count, count_words
from exports.types import Dataset, Record
from exports.writers.record_answers import ReadSection, facts, file_name, leave_to_quote, sections


@dataclass(frozen=True)
class ReadingCopy:
    """One response as people read it; `notice` says whether it may be quoted."""

    reference: str
    notice: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[ReadSection, ...]
    files: tuple[str, ...]


def reading_copy(dataset: Dataset, record: Record) -> ReadingCopy:
    return ReadingCopy(
        reference=record.reference,
        notice=leave_to_quote(dataset, record),
        facts=tuple(facts(dataset, record)),
        sections=tuple(sections(dataset, record)),
        files=tuple(file_name(record, file) for file in record.files),
    )


def about(dataset: Dataset) -> str:
    """Return what stands under the title of several responses in one document."""
    number = count(dataset)
    order = ORDERS[dataset.export_filter.order].lower()
    who = "with who answered" if dataset.named else "without who answered"
    if dataset.confidential:
        who += ", with confidential responses"
    return f"{number:,} {'response' if number == 1 else 'responses'}, {who}; {order}."


def footer(dataset: Dataset) -> str:
    return f"{dataset.call.title} · {NAME}"


def refuse_too_long(dataset: Dataset, *, most: int, kind: str) -> None:
    """Raise UnsupportedByFormat if one document would hold more than `most` words."""
    words = count_words(dataset)
    if words > most:
        raise UnsupportedByFormat(
            f"One {kind} holds up to {most:,} words; these responses have {words:,}. "
            f"Choose fewer, or take a {kind} for each response."
        )


def as_data(copy: ReadingCopy) -> dict[str, Any]:
    return {
        "reference": copy.reference,
        "notice": copy.notice,
        "facts": copy.facts,
        "sections": [
            {
                "title": section.title,
                "answers": [
                    {
                        "question": answer.question,
                        "lines": answer.lines,
                        "paragraphs": answer.text.split("\n") if answer.text else [],
                    }
                    for answer in section.answers
                ],
            }
            for section in copy.sections
        ],
        "files": copy.files,
    }
