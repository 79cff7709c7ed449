"""Codes that stand together: responses that have both, and passages that overlap."""

import pytest

from accounts.states import Role
from review.coding.tree import tree
from review.matrix.together import pairs_of
from tests.makers import make_code, make_user
from tests.review.matrix.matrices import give, matrix_call, put_under, selected

pytestmark = pytest.mark.django_db


def pairs(call, reader, **options):
    return [
        (
            pair.first.path,
            pair.second.path,
            pair.responses.number,
            pair.overlaps.number,
            pair.of_first.number,
            pair.of_second.number,
        )
        for pair in pairs_of(selected(call, reader, **options), tree(call))
    ]


def test_pairs_count_responses_with_both_and_places_that_overlap():
    call = matrix_call()
    ada, bea = (make_user(Role.CODER) for _ in range(2))
    trust, pay = make_code(call=call, name="Trust"), make_code(call=call, name="Pay")
    wages = make_code(call=call, name="Wages", parent=pay)
    one, other, third = give(call), give(call), give(call)
    put_under(pay, one, ada, 0, 6)
    for by in (ada, bea):  # alike: one place
        put_under(trust, one, by, 5, 9)
    put_under(pay, other, ada, 0, 6)
    put_under(trust, other, ada, 6, 9)  # they touch, and share nothing
    put_under(wages, other, ada, 0, 6)
    put_under(trust, third, ada)
    assert pairs(call, ada) == [
        ("Trust", "Pay", 2, 1, 3, 2),
        ("Trust", "Pay > Wages", 1, 0, 3, 1),
        ("Pay", "Pay > Wages", 1, 1, 2, 1),
    ]
    assert pairs(call, ada, coder=bea) == []


@pytest.mark.parametrize(("hides", "expected"), [(True, (6, None)), (False, (6, 1))])
def test_few_passages_that_overlap_are_hidden_where_the_call_asks(hides, expected):
    call = matrix_call(hides_small_counts=hides)
    ada = make_user(Role.CODER)
    trust, pay = make_code(call=call, name="Trust"), make_code(call=call, name="Pay")
    for number in range(6):
        response = give(call)
        put_under(pay, response, ada, 0, 6)
        put_under(trust, response, ada, 6 if number else 3, 9)
    ((_, _, *numbers),) = pairs(call, ada)
    assert tuple(numbers[:2]) == expected


def test_pair_that_leaves_few_is_hidden_and_its_number_orders_nothing():
    call = matrix_call(hides_small_counts=True)
    ada = make_user(Role.CODER)
    codes = [make_code(call=call, name=name) for name in ("One", "Two", "Three")]
    for place in range(12):
        response = give(call)
        for code, those in zip(codes, (range(12), range(10), range(6, 12)), strict=True):
            if place in those:
                put_under(code, response, ada)
    assert [pair[:3] for pair in pairs(call, ada)] == [
        ("One", "Three", 6),
        ("One", "Two", None),  # 10 of the 12
        ("Two", "Three", None),
    ]
