"""A section in pages: what is together, and who sees which."""

import pytest

from submissions.respondent.steps import asked_page_numbers, pages_of, question_addresses
from tests.makers import make_call, make_first_call
from tests.submissions.respondent.forms.drawing import form_of

pytestmark = pytest.mark.django_db

LONG = [{"key": f"long_{n}", "kind": "long", "label": f"Long {n}"} for n in range(6)]


def keys(call, section):
    section = next(s for s in call.sections.all() if s.key == section)
    return [[question.key for question in page] for page in pages_of(call, section)]


def test_three_long_answers_fill_a_page():
    call = make_call(evidence_questions=LONG)
    assert keys(call, "evidence") == [
        ["long_0", "long_1", "long_2"],
        ["long_3", "long_4", "long_5"],
    ]


def test_ten_short_answers_are_together_and_the_eleventh_is_apart():
    short = [{"key": f"short_{n}", "kind": "short", "label": f"Short {n}"} for n in range(11)]
    call = make_call(evidence_questions=short)
    assert [len(page) for page in keys(call, "evidence")] == [10, 1]


def test_question_that_another_brings_up_stays_with_it():
    publication = {
        "key": "publication",
        "kind": "radio",
        "label": "Publish?",
        "options": [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}],
    }
    follow_up = {
        "key": "why",
        "kind": "long",
        "label": "Why?",
        "show_if": "publication = no",
    }
    call = make_call(evidence_questions=[*LONG[:2], publication, follow_up, *LONG[2:4]])
    assert keys(call, "evidence") == [
        ["long_0", "long_1", "publication", "why"],
        ["long_2", "long_3"],
    ]


def test_pages_hold_every_question_of_the_first_call_once_and_in_order():
    call = make_first_call()
    paged = [
        key for section in call.sections.all() for page in keys(call, section.key) for key in page
    ]
    assert paged == [question.key for question in call.questions_in_order]
    address = question_addresses(call)["anything_else"]
    assert (
        address
        == f"/calls/{call.slug}/response/{call.questions_by_key['anything_else'].section.key}/2/"
    )


def test_page_without_a_question_for_this_person_is_left_out():
    alone = {**LONG[3], "show_if": "roles contains commissioner"}
    call = make_call(evidence_questions=[*LONG[:3], alone])
    section = next(s for s in call.sections.all() if s.key == "evidence")
    pages = pages_of(call, section)
    assert asked_page_numbers(call, pages, {"roles": ["provider"]}) == [1]
    assert asked_page_numbers(call, pages, {"roles": ["commissioner"]}) == [1, 2]
    assert asked_page_numbers(call, pages, {}) == [1, 2]


def test_form_of_a_page_shows_its_questions_and_takes_what_is_posted_of_others():
    call = make_call(evidence_questions=LONG)
    page = call.questions_in_order[-2:]
    form = form_of(call, "evidence", page=page, answers={"long_0": "There"})
    assert list(form.fields) == ["long_4", "long_5"]
    posted = form_of(call, "evidence", page=page, posted="long_1=Second&long_4=Fifth")
    assert posted.values == {"long_1": "Second", "long_4": "Fifth"}
