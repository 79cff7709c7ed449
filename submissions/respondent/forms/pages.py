"""A section in pages short enough for a phone."""

from collections.abc import Sequence

from submissions.calls.models import Call, Question, Section
from submissions.calls.states import QuestionKind
from submissions.respondent.forms.condition_words import is_ruled_out

# What a page holds, in the room of one short text field on a narrow screen: a pair of long
# answers with something small beside them, or some five questions of other kinds.
ROOM = 8.0
LONG_TEXT, FILES, MATRIX_ROW, OPTION = 3.0, 3.0, 1.0, 0.2

Page = list[Question]


def pages_of(call: Call, section: Section) -> list[Page]:
    """Return the section's questions page by page, in order.

    Answers do not move a question from its page, so that addresses last. A question that
    another one of its page brings up stays with that one.
    """
    pages: list[Page] = []
    left = 0.0
    for question in call.questionnaire.questions_of(section):
        brought_up = bool(pages) and _is_brought_up_by(pages[-1], call, question)
        room = 0.0 if brought_up else _room_of(question)
        if not pages or room > left:
            pages.append([])
            left = ROOM
        pages[-1].append(question)
        left -= room
    return pages


def asked_page_numbers(call: Call, pages: Sequence[Page], answers: dict[str, object]) -> list[int]:
    """Return the numbers of the pages that show a question to somebody with `answers`."""
    return [number for number, page in enumerate(pages, start=1) if _shows(call, page, answers)]


def _shows(call: Call, page: Page, answers: dict[str, object]) -> bool:
    terms = [call.questionnaire.terms[question.key] for question in page]
    if not all(terms):
        return True
    on_page = {question.key for question in page}
    return any(not is_ruled_out(of_one, answers, on_page) for of_one in terms)


def _is_brought_up_by(page: Page, call: Call, question: Question) -> bool:
    on_page = {other.key for other in page}
    return any(term.key in on_page for term in call.questionnaire.terms[question.key])


def _room_of(question: Question) -> float:
    if question.kind == QuestionKind.LONG:
        return LONG_TEXT
    if question.kind == QuestionKind.FILE:
        return FILES
    if question.kind == QuestionKind.MATRIX:
        return 1 + MATRIX_ROW * len(question.rows)
    return 1 + OPTION * len(question.options)
