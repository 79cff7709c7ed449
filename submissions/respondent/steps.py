"""The pages of a response: the questions of each, the order of the pages, and their addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.urls import reverse

from submissions.calls.models import Call, Question, Questionnaire, Section
from submissions.calls.states import QuestionKind
from submissions.responses.answering import Answers

# What fits on a page; 1 is a short text field on a narrow screen. A page has room for three long
# answers, or for some six questions of other kinds.
ROOM = 10.0
LONG_TEXT, FILES, MATRIX_ROW, OPTION = 3.0, 3.0, 1.0, 0.2

Page = tuple[Question, ...]


@dataclass(frozen=True)
class Step:
    """One page of a section: the `place`th of `of` pages that this respondent is shown.

    `number` is the page's number in its address.
    """

    section: Section
    number: int
    questions: Page
    place: int
    of: int
    call: Call = field(compare=False)

    @property
    def address(self) -> str:
        return _address(self.call, self.section, self.number)


def steps(call: Call, sections: Sequence[Section], answers: Answers) -> list[Step]:
    """Return every page of `sections` with a question that applies or may apply, in order."""
    found = []
    for section in sections:
        pages = pages_of(call, section)
        asked = asked_page_numbers(call, pages, answers)
        found += [
            Step(section, number, pages[number - 1], place, len(asked), call)
            for place, number in enumerate(asked, start=1)
        ]
    return found


def pages_of(call: Call, section: Section) -> tuple[Page, ...]:
    """Return the section's questions page by page, in order.

    Answers do not move a question to another page, so addresses last. A question that depends on
    another one of its page stays on that page.
    """
    return _pages_by_section(call.questionnaire)[section.pk]


@lru_cache(maxsize=16)
def _pages_by_section(questionnaire: Questionnaire) -> dict[int, tuple[Page, ...]]:
    return {section.pk: _laid_out(questionnaire, section) for section in questionnaire.sections}


def _laid_out(questionnaire: Questionnaire, section: Section) -> tuple[Page, ...]:
    pages: list[list[Question]] = []
    left = 0.0
    for question in questionnaire.questions_of(section):
        stays = pages and _depends_on(pages[-1], questionnaire, question)
        room = 0.0 if stays else _room_of(question)
        if not pages or room > left:
            pages.append([])
            left = ROOM
        pages[-1].append(question)
        left -= room
    return tuple(map(tuple, pages))


def asked_page_numbers(call: Call, pages: Sequence[Page], answers: Answers) -> list[int]:
    """Return the numbers of the pages that show a question to somebody with `answers`."""
    return [number for number, page in enumerate(pages, start=1) if _shows(call, page, answers)]


def first_address(call: Call) -> str:
    """Return the address of the first page of questions."""
    section = next(one for one in call.questionnaire.sections if pages_of(call, one))
    return _address(call, section, 1)


def question_addresses(call: Call) -> dict[str, str]:
    """Return the address of the page that each question is on, by the question's key."""
    addresses: dict[str, str] = {}
    for section in call.questionnaire.sections:
        for number, page in enumerate(pages_of(call, section), start=1):
            address = _address(call, section, number)
            addresses |= {question.key: address for question in page}
    return addresses


def _address(call: Call, section: Section, number: int) -> str:
    """A section's first page has the section's own address."""
    if number == 1:
        return reverse("section", args=[call.slug, section.key])
    return reverse("section_page", args=[call.slug, section.key, number])


def _shows(call: Call, page: Page, answers: Answers) -> bool:
    if not all(call.questionnaire.conditions[question.key].terms for question in page):
        return True
    asked = call.questionnaire.asked_on_page(answers, {question.key for question in page})
    return any(asked[question.key] is not False for question in page)


def _depends_on(page: Sequence[Question], questionnaire: Questionnaire, question: Question) -> bool:
    on_page = {other.key for other in page}
    return any(term.key in on_page for term in questionnaire.terms[question.key])


def _room_of(question: Question) -> float:
    if question.kind == QuestionKind.LONG:
        return LONG_TEXT
    if question.kind == QuestionKind.FILE:
        return FILES
    if question.kind == QuestionKind.MATRIX:
        return 1 + MATRIX_ROW * len(question.rows)
    return 1 + OPTION * len(question.options)
