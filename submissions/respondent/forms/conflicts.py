"""Answers that were changed in two places: both are shown, and the author chooses."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS, QuestionKind
from submissions.respondent.forms.fields import Posted, every_value, posted_names
from submissions.respondent.forms.presenting import shown_text
from submissions.responses.etags import etag
from submissions.responses.transcript import say_answer

# Question keys begin with a letter, so no name here can be one's.
CONTESTED = "_contested"


class Keep(StrEnum):
    """Which of two answers is kept."""

    SAVED = "saved"
    TYPED = "typed"
    MERGED = "merged"


def choice_of(posted: Posted, key: str) -> Keep | None:
    """Return what was chosen on the page of contested answers, None if nothing was."""
    value = posted.get(f"_keep_{key}")
    return Keep(value) if value in set(Keep) else None


def merged_from(posted: Posted, key: str) -> str:
    return str(posted.get(f"_merged_{key}", ""))


def contested_answers(
    call: Call, stored: Mapping[str, Any], typed: Mapping[str, Any], posted: Posted
) -> list[dict[str, Any]]:
    """Return for each contested answer what its part of the page shows.

    `stored` has what is in the response now, `typed` what was sent, both by question key and
    in the stored shape; `posted` is the request's data.
    """
    return [
        _contested(call.questions_by_key[key], value, typed.get(key), posted)
        for key, value in stored.items()
    ]


def posted_again(questions: list[Question], posted: Posted) -> list[tuple[str, str]]:
    """Return names and values of hidden fields that post the questions' answers once more."""
    return [
        (name, shown_text(value))
        for question in questions
        for name in posted_names(question)
        for value in every_value(posted, name)
    ]


def _contested(question: Question, stored: Any, typed: Any, posted: Posted) -> dict[str, Any]:
    key = question.key
    chosen = choice_of(posted, key)
    return {
        "key": key,
        "label": question.label,
        "saved": say_answer(question, stored),
        "typed": say_answer(question, typed),
        "mark": etag(stored),
        "chosen": str(chosen or ""),
        "can_merge": question.kind in TEXT_KINDS,
        "is_long": question.kind == QuestionKind.LONG,
        "merged": merged_from(posted, key)
        if chosen == Keep.MERGED
        else _both(question, stored, typed),
    }


def _both(question: Question, stored: Any, typed: Any) -> str:
    """The two texts one after the other; one of them where it has all, or there is one line."""
    texts = [text for text in (stored, typed) if isinstance(text, str) and text]
    if len(texts) < 2 or question.kind != QuestionKind.LONG or texts[0] in texts[1]:
        return "".join(texts[-1:])
    return texts[0] if texts[1] in texts[0] else "\n\n".join(texts)
