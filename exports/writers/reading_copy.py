"""The content of a reading copy, the same in Word files and PDFs."""

from dataclasses import dataclass
from typing import Any

from core.control_characters import with_line_ends
from core.direction import LEFT_TO_RIGHT_MARK, is_from_right, isolated
from core.release import NAME
from exports.export_context import UnsupportedByFormat
from exports.filters import ORDERS
from exports.queries import count, count_words
from exports.types import Dataset, Record
from exports.writers.record_answers import (
    ReadSection,
    facts,
    file_name,
    leave_to_quote,
    roles,
    sections,
)

APART = " · "


@dataclass(frozen=True)
class ReadingCopy:
    """One response as people read it; `notice` says whether it may be quoted, `facts` is a line."""

    reference: str
    notice: str
    facts: str
    sections: tuple[ReadSection, ...]
    files: tuple[str, ...]


def reading_copy(dataset: Dataset, record: Record) -> ReadingCopy:
    return ReadingCopy(
        reference=record.reference,
        notice=leave_to_quote(dataset, record),
        facts=APART.join(facts(dataset, record)),
        sections=tuple(sections(dataset, record)),
        files=tuple(file_name(record, file) for file in record.files),
    )


def title(dataset: Dataset, record: Record, number: int) -> str:
    """Return the heading of one response of several, as the contents have it, too.

    It says that a response is confidential, and the roles in which it was given, unless they are
    withheld.
    """
    parts = [f"{number}. {record.reference}"]
    if record.is_confidential:
        parts.append("Confidential")
    if given := "; ".join(roles(dataset, record)):
        # After Arabic, the dots of the contents and the page's number would stand before it.
        parts.append(f"{given}{LEFT_TO_RIGHT_MARK}" if is_from_right(given) else given)
    return APART.join(parts)


def paragraphs(text: str) -> list[list[str]]:
    """Return the paragraphs of a text, each as its lines; an empty line parts two paragraphs.

    Of several empty lines the others begin the paragraph that follows, so that none is lost.
    """
    return [paragraph.split("\n") for paragraph in with_line_ends(text).split("\n\n")]


def about(dataset: Dataset) -> str:
    """Return what stands under the title of several responses in one document."""
    number = count(dataset)
    order = ORDERS[dataset.export_filter.order].lower()
    who = "with who answered" if dataset.named else "without who answered"
    if dataset.confidential:
        who += ", with confidential responses"
    return f"{number:,} {'response' if number == 1 else 'responses'}, {who}; {order}."


def footer(dataset: Dataset) -> str:
    return f"{isolated(dataset.call.title)} · {NAME}"


def refuse_too_long(dataset: Dataset, *, most: int, kind: str) -> None:
    """Raise UnsupportedByFormat if one document would hold more than `most` words."""
    words = count_words(dataset)
    if words > most:
        raise UnsupportedByFormat(
            f"One {kind} holds up to {most:,} words; these responses have {words:,}. "
            f"Choose fewer, or take a {kind} for each response."
        )


def as_data(copy: ReadingCopy, *, head: str) -> dict[str, Any]:
    """Return the copy as data for the template, with its heading."""
    return {
        "head": head,
        "notice": copy.notice,
        "facts": copy.facts,
        "sections": [
            {
                "title": section.title,
                "answers": [
                    {
                        "question": answer.question,
                        "lines": answer.lines,
                        "paragraphs": paragraphs(answer.text) if answer.text else [],
                    }
                    for answer in section.answers
                ],
            }
            for section in copy.sections
        ],
        "files": copy.files,
    }
