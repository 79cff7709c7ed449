"""A response in plain text: what is digested, mailed and kept by its author."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from submissions import spoken_time
from submissions.models import Attachment, Call, Question
from submissions.vocabulary import MULTIPLE_KINDS, QuestionKind

NOT_PROVIDED = "Not provided"


def version_heading(call: Call, *, reference: str, number: int, received_at: datetime) -> list[str]:
    """Return the lines that begin the text of a version."""
    return [
        call.title,
        f"Reference: {reference}",
        f"Version: {number}",
        f"Received: {say_instant(received_at, call.timezone)}",
    ]


def say_instant(moment: datetime, zone: str) -> str:
    """Return the moment as people say it, and to the microsecond as ISO 8601 in UTC."""
    exactly = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{spoken_time.say_exactly(moment, zone)}, which is {exactly} in UTC"


def draft_heading(call: Call, *, saved_at: datetime) -> list[str]:
    """Return the lines that begin the text of a draft."""
    return [
        call.title,
        "Draft: not submitted",
        f"Last saved: {say_instant(saved_at, call.timezone)}",
    ]


def transcript(
    heading: Sequence[str],
    *,
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, Sequence[Attachment]],
) -> str:
    """Return a response as text: LF line ends, one LF at the end.

    Files are named by their type, size in bytes and SHA-256, so that the text of a version,
    made from the questions that do not say who answers, holds no file name.
    """
    lines = list(heading)
    section = None
    for question in questions:
        if question.section.key != section:
            section = question.section.key
            lines += ["", "", question.section.title, "=" * len(question.section.title)]
        lines += ["", question.label]
        if question.kind == QuestionKind.FILE:
            lines += [_say_file(file) for file in files.get(question.key, ())] or [NOT_PROVIDED]
        else:
            lines += say_answer(question, answers.get(question.key))
    return "\n".join(lines) + "\n"


def say_answer(question: Question, value: Any) -> list[str]:
    """Return the answer as lines for people, choices by their labels."""
    if value in (None, "", [], {}):
        return [NOT_PROVIDED]
    labels = question.option_labels
    if question.kind == QuestionKind.RADIO:
        return [labels.get(value, value)]
    if question.kind in MULTIPLE_KINDS:
        return [f"- {labels.get(key, key)}" for key in value]
    if question.kind == QuestionKind.MATRIX:
        # In the order of the rows: jsonb keeps the keys of an object in an order of its own.
        rows = {row["key"]: row["label"] for row in question.rows if row["key"] in value}
        rows |= {row: row for row in value if row not in rows}
        return [f"- {said}: {labels.get(value[row], value[row])}" for row, said in rows.items()]
    if question.kind == QuestionKind.CHECKBOX:
        return ["Yes"]
    return value.split("\n")


def _say_file(file: Attachment) -> str:
    return f"- {file.file_type} file, {file.size} bytes, SHA-256 {file.sha256}"
