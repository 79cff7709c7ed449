"""The pages of a response in the order in which they are walked, and their addresses."""

from dataclasses import dataclass

from django.urls import reverse

from submissions.calls.models import Call, Question, Section
from submissions.respondent.forms.pages import asked_page_numbers, pages_of
from submissions.responses.answering import Answers


@dataclass(frozen=True)
class Step:
    """One page of a section: the `place`th of `of` pages that are shown to this respondent."""

    section: Section
    number: int
    questions: tuple[Question, ...]
    place: int
    of: int


def steps(call: Call, sections: list[Section], answers: Answers) -> list[Step]:
    """Return every page of `sections` with a question that applies or may apply, in order."""
    found = []
    for section in sections:
        pages = pages_of(call, section)
        asked = asked_page_numbers(call, pages, answers)
        found += [
            Step(section, number, tuple(pages[number - 1]), place, len(asked))
            for place, number in enumerate(asked, start=1)
        ]
    return found


def step_address(call: Call, section: Section, number: int) -> str:
    """Return the address of a page; a section's first page is the section's own address."""
    if number == 1:
        return reverse("section", args=[call.slug, section.key])
    return reverse("section_page", args=[call.slug, section.key, number])


def question_addresses(call: Call) -> dict[str, str]:
    """Return the address of the page that each question is on, by the question's key."""
    addresses = {}
    for section in call.questionnaire.sections:
        for number, page in enumerate(pages_of(call, section), start=1):
            addresses |= dict.fromkeys(
                (question.key for question in page), step_address(call, section, number)
            )
    return addresses
