"""A quote says its author's role in the call's words, and never in those that few share."""

import pytest

from review.quotes.roles import COARSE, RoleWords
from tests.makers import make_call, make_first_call, make_submitted

pytestmark = pytest.mark.django_db
PROVIDER, COMMISSIONER = "I provide services", "I commission services"


def role(response):
    return RoleWords(response.call).of(response.current_version)


def respondents(call, number, roles):
    return [make_submitted(call, roles=roles) for _ in range(number)]


def test_role_is_the_label_of_the_option_and_never_what_was_typed():
    call = make_call()
    assert role(make_submitted(call, roles=["provider", "commissioner"])) == (
        f"{PROVIDER}; {COMMISSIONER}"
    )
    typed = make_submitted(call, roles=["other"], role_other="Clerk of Ambridge")
    assert role(typed) == "Something else"


@pytest.mark.parametrize("number", [4, 5])
def test_rare_role_is_said_in_a_coarser_word_where_small_counts_are_hidden(number):
    call = make_call(hides_small_counts=True)
    respondents(make_call(), 5, ["commissioner"])
    one, *_ = respondents(call, number, ["commissioner"])
    assert role(one) == (COMMISSIONER if number == 5 else COARSE)


def test_rare_role_is_said_where_small_counts_are_shown():
    assert role(make_submitted(make_call(), roles=["commissioner"])) == COMMISSIONER


def test_rare_combination_becomes_the_most_common_of_its_roles():
    call = make_call(hides_small_counts=True)
    respondents(call, 4, ["commissioner"])
    respondents(call, 5, ["provider"])
    both = make_submitted(call, roles=["provider", "commissioner"])
    assert role(both) == PROVIDER


def test_of_two_roles_that_are_as_common_it_is_the_first_of_the_call():
    call = make_call(hides_small_counts=True)
    respondents(call, 5, ["commissioner"])
    respondents(call, 5, ["provider"])
    both = make_submitted(call, roles=["provider", "commissioner"])
    labels = {one.key: one.label for one in call.roles.all()}
    first = next(key for key in labels if key in {"provider", "commissioner"})
    assert role(both) == labels[first]


def test_call_without_roles_has_its_first_facet():
    questions = [
        {"key": "email", "kind": "email", "label": "Email", "identity": True},
        {
            "key": "size",
            "kind": "radio",
            "label": "How large are you?",
            "options": [{"key": "small", "label": "Small"}, {"key": "large", "label": "Large"}],
        },
    ]
    facets = [{"question": "size", "label": "size"}]
    call = make_call(about_questions=questions, roles=[], facets=facets)
    assert role(make_submitted(call, size="large")) == "Large"
    nothing = make_call(about_questions=questions[:1], roles=[])
    assert role(make_submitted(nothing)) == COARSE


def test_first_call_says_roles():
    call = make_first_call()
    response = make_submitted(call)
    assert role(response) == call.roles.first().label
