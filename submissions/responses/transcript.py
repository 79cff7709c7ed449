"""A response in plain text: what is digested, mailed and kept by its author.

What is digested is evidence, so the words around a version's answers are those of this file in
whatever language it is asked for (docs/decisions/0041-the-digested-text-is-not-translated.md).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import spoken_time
from submissions.calls.models import Call, Question
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.responses.models import Attachment
from submissions.responses.states import Channel


def version_text(
    call: Call,
    *,
    reference: str,
    number: int,
    received_at: datetime,
    channel: str,
    questions: Sequence[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, Sequence[Attachment]],
) -> str:
    """Return the text of a version, the same whatever language is active: it is digested."""
    with translation.override(None):
        heading = [
            call.title,
            _("Reference: %(reference)s") % {"reference": reference},
            _("Version: %(number)s") % {"number": number},
            _("Received: %(instant)s") % {"instant": say_instant(received_at, call.timezone)},
        ]
        if channel != Channel.WEB:
            heading.append(_("Came by: %(channel)s") % {"channel": Channel(channel).label})
        return _transcript(heading, questions=questions, answers=answers, files=files)


def draft_text(
    call: Call,
    *,
    saved_at: datetime,
    questions: Sequence[Question],
    not_counted: Sequence[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, Sequence[Attachment]],
) -> str:
    """Return the text of a draft, in the active language; what is not asked stands at its end."""
    heading = [
        call.title,
        _("Draft: not submitted"),
        _("Last saved: %(instant)s") % {"instant": say_instant(saved_at, call.timezone)},
    ]
    text = _transcript(heading, questions=questions, answers=answers, files=files)
    if not not_counted:
        return text
    title = _("Not part of your response")
    rest = _transcript(
        [title, "=" * len(title)], questions=not_counted, answers=answers, files=files
    )
    return f"{text}\n\n{rest}"


def say_instant(moment: datetime, zone: str) -> str:
    """Return the moment as people say it, and to the microsecond as ISO 8601 in UTC."""
    return _("%(moment)s, which is %(exactly)s in UTC") % {
        "moment": spoken_time.say_exactly(moment, zone),
        "exactly": moment.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _transcript(
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
            lines += [_say_file(file) for file in files.get(question.key, ())] or [
                _("Not provided")
            ]
        else:
            lines += say_answer(question, answers.get(question.key))
    return "\n".join(lines) + "\n"


def say_answer(question: Question, value: Any) -> list[str]:
    """Return the answer as lines for people, choices by their labels."""
    if value in (None, "", [], {}):
        return [_("Not provided")]
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
        return [_("Yes")]
    return value.split("\n")


def _say_file(file: Attachment) -> str:
    said = _("%(kind)s file, %(size)s bytes, SHA-256 %(digest)s") % {
        "kind": file.file_type,
        "size": file.size,
        "digest": file.sha256,
    }
    return f"- {said}"
