"""All the questions of a call, to read before starting."""

from typing import Any

from django.utils.translation import gettext as _

from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.respondent.forms.condition_words import Applies, applies, sections_only_if
from submissions.respondent.forms.presenting import present


def reading_of(call: Call) -> list[dict[str, Any]]:
    """Return each section with its rows: question, condition in words, how to answer."""
    return [
        {
            "title": section.title,
            "intro": section.intro,
            "applies": sections_only_if(call, section),
            "rows": [
                _row(call, question, call.questionnaire.questions_of(section))
                for question in call.questionnaire.questions_of(section)
            ],
        }
        for section in call.questionnaire.sections
    ]


def _row(call: Call, question: Question, page: list[Question]) -> dict[str, Any]:
    said = applies(call, question, {}, page)
    return {
        "question": question,
        "applies": said.sentence,
        "optional": said.optional,
        "how": _how_to_answer(call, question, said),
    }


def _how_to_answer(call: Call, question: Question, said: Applies) -> str:
    if question.kind == QuestionKind.RADIO:
        return _("Choose one.")
    is_further = question.key in call.questionnaire.further_addresses
    context = present(question, value=None, applies=said, is_further_address=is_further)
    return context.get("limit") or context.get("rules") or ""
