"""What a page says about questions that only some people answer."""

import json

import pytest

from tests.makers import YES_NO, make_call
from tests.submissions.respondent.forms.drawing import form_of, page_of

pytestmark = pytest.mark.django_db

SIZE = {
    "key": "size",
    "kind": "radio",
    "label": "How big are you?",
    "options": [
        {"key": "small", "label": "Small"},
        {"key": "medium", "label": "Medium"},
        {"key": "large", "label": "Large"},
    ],
}
OTHER = {"key": "other", "kind": "short", "label": "Anything else?"}


def question(**fields):
    return {"key": "detail", "kind": "short", "label": "Detail"} | fields


def presented(*evidence, answers=None, key="detail"):
    call = make_call(evidence_questions=list(evidence))
    form = form_of(call, "evidence", answers=answers)
    return form.presented(key)["applies"]


def test_question_that_follows_its_condition_names_the_choice_alone():
    applies = presented(SIZE, question(show_if="size = small"))
    assert applies.sentence == "Answer this only if you chose “Small”."
    assert json.loads(applies.shown_if) == [["size", False, ["small"]]]
    assert applies.all_on_page


def test_question_further_on_names_the_question_too():
    applies = presented(SIZE, OTHER, question(show_if="size = small"))
    assert applies.sentence == ("Answer this only if your answer to “How big are you?” is “Small”.")


def test_several_choices_are_joined_by_or():
    applies = presented(SIZE, question(show_if="size in small, medium, large"))
    assert applies.sentence == "Answer this only if you chose “Small”, “Medium” or “Large”."


def test_negated_condition_says_unless():
    applies = presented(SIZE, question(show_if="size != large"))
    assert applies.sentence == "Answer this unless you chose “Large”."
    assert json.loads(applies.shown_if) == [["size", True, ["large"]]]


def test_two_terms_are_joined_by_and():
    applies = presented(SIZE, question(show_if="size != large and age = adult"))
    assert applies.sentence == (
        "Answer this only if you did not choose “Large” and "
        "your answer to “How old are you?” is “18 or over”."
    )
    assert not applies.all_on_page


def test_term_that_another_page_decided_is_not_mentioned():
    condition = "size != large and age = adult"
    applies = presented(SIZE, question(show_if=condition), answers={"age": "adult"})
    assert applies.sentence == "Answer this unless you chose “Large”."
    assert applies.all_on_page


def test_ticked_role_on_another_page_is_named_with_its_question():
    applies = presented(question(show_if="roles contains commissioner"))
    assert applies.sentence == (
        "Answer this only if you ticked “I commission services” under “Which describes you?”."
    )
    assert applies.shown_if == ""


def test_condition_that_holds_already_leaves_a_plain_question():
    applies = presented(
        question(show_if="roles contains commissioner", required=True),
        answers={"roles": ["commissioner"]},
    )
    assert (applies.sentence, applies.shown_if, applies.optional) == ("", "", False)


def test_revealed_question_has_the_words_of_the_option_that_reveals_it():
    revealing = {
        "key": "partner",
        "kind": "radio",
        "label": "Had you a partner?",
        "options": [{"key": "yes", "label": "Yes", "reveals": "detail"}, YES_NO[1]],
    }
    applies = presented(revealing, question())
    assert applies.sentence == "Answer this only if you chose “Yes”."
    assert applies.optional


def test_question_required_only_sometimes_says_when():
    applies = presented(SIZE, question(required_if="size = small"))
    assert applies.sentence == "You need to answer this if you chose “Small”."
    assert (applies.shown_if, applies.optional) == ("", False)


def test_question_asked_and_required_only_sometimes_says_both():
    only_if = "Answer this only if you chose “Small”."
    asked = {"show_if": "size = small"}
    for required_if, said in (
        ("age != adult", "your answer to “How old are you?” is not “18 or over”"),
        ("size = small and age = adult", "your answer to “How old are you?” is “18 or over”"),
    ):
        applies = presented(SIZE, question(**asked, required_if=required_if))
        assert applies.sentence == f"{only_if} You need to answer this if {said}."
        assert (applies.all_on_page, applies.optional) == (False, False)
    applies = presented(SIZE, question(**asked, required_if="size = small"))
    assert (applies.sentence, applies.all_on_page, applies.optional) == (only_if, True, False)


def test_question_required_because_of_another_page_is_plain():
    applies = presented(question(required_if="age = adult"), answers={"age": "adult"})
    assert (applies.sentence, applies.optional) == ("", False)


def test_question_not_required_because_of_another_page_is_optional():
    applies = presented(question(required_if="age = adult"), answers={"age": "child"})
    assert (applies.sentence, applies.optional) == ("", True)


def test_required_question_is_not_optional_and_a_free_one_is():
    required = presented(question(required=True))
    free = presented(question())
    assert (required.optional, free.optional) == (False, True)


def test_script_finds_its_data_on_the_question():
    call = make_call(evidence_questions=[SIZE, question(show_if="size = small")])
    page = page_of(form_of(call, "evidence"))
    block = page.by_id("question-detail")
    assert json.loads(block.attrs["data-shown-if"]) == [["size", False, ["small"]]]
    assert "data-shown-if" not in page.by_id("question-size").attrs
