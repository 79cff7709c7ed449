"""How long a response takes, as the call's page says it.

It is an estimate: nobody is timed. A question takes a glance and a choice; an answer in one's own
words takes some 75 words, typed as fast as people compose (about 20 words a minute), and every
second optional one is left open.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import ngettext

from submissions.calls.models import Call, Question, Questionnaire
from submissions.calls.states import QuestionKind

SECONDS = {
    QuestionKind.RADIO: 10,
    QuestionKind.CHECKBOXES: 20,
    QuestionKind.ROLES: 20,
    QuestionKind.SHORT: 15,
    QuestionKind.EMAIL: 15,
    QuestionKind.CHECKBOX: 5,
    QuestionKind.FILE: 30,
}
OWN_WORDS = 225  # seconds
OF_A_ROW = 10  # seconds
ROUNDED_TO = 5  # minutes


@dataclass(frozen=True)
class Effort:
    """The minutes of the shortest and of the longest route, and the sections of the longest."""

    least: int
    most: int
    sections: int


def effort_in_words(call: Call) -> str:
    """Return for instance "It takes about 5 minutes: 2 sections.", for the call's page."""
    effort = _effort_of(call.questionnaire)
    if effort.least < effort.most:
        said = ngettext(
            "It takes about %(least)s to %(most)s minutes: %(number)s section.",
            "It takes about %(least)s to %(most)s minutes: %(number)s sections at most.",
            effort.sections,
        )
    else:
        said = ngettext(
            "It takes about %(most)s minutes: %(number)s section.",
            "It takes about %(most)s minutes: %(number)s sections.",
            effort.sections,
        )
    return said % {"least": effort.least, "most": effort.most, "number": effort.sections}


@lru_cache(maxsize=16)
def _effort_of(questionnaire: Questionnaire) -> Effort:
    always = [q for q in questionnaire.questions if not questionnaire.conditions[q.key].terms]
    return Effort(
        least=_minutes(always),
        most=_minutes(list(questionnaire.questions)),
        sections=sum(
            bool(questionnaire.questions_of(section)) for section in questionnaire.sections
        ),
    )


def _minutes(questions: list[Question]) -> int:
    minutes = sum(map(_seconds, questions)) / 60
    return max(ROUNDED_TO, round(minutes / ROUNDED_TO) * ROUNDED_TO)


def _seconds(question: Question) -> float:
    if question.kind == QuestionKind.LONG:
        return OWN_WORDS if question.required else OWN_WORDS / 2
    if question.kind == QuestionKind.MATRIX:
        return OF_A_ROW * len(question.rows)
    return SECONDS[QuestionKind(question.kind)]
