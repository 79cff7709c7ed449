"""Small counts in the matrix of a call that hides them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.states import Role
from core.disclosure_control import FEW, Shown
from review.matrix.hiding import hidden_line
from review.matrix.table import matrix_of
from review.matrix.together import pairs_of
from tests.core.test_disclosure_control import possible_values
from tests.makers import make_code, make_user
from tests.review.matrix.matrices import give, matrix_call, numbers, put_under, selected

FEWER = Shown(None, is_few=True)
HIDDEN = Shown(None)


@given(st.lists(st.integers(0, 14), min_size=1, max_size=5))
def test_no_small_count_of_a_line_can_be_worked_out_from_its_sum(counts):
    total, shown = hidden_line(counts, total=sum(counts), overlap=False, hides=True)
    if total.number is None or all(one.number is None for one in shown):
        return
    for place, count in enumerate(counts):
        if 0 < count < FEW:
            assert len(possible_values(shown, sum(counts), place)) > 1


@pytest.mark.parametrize(
    ("counts", "total", "overlap", "expected"),
    [
        ([2, 1], 3, False, (FEWER, [HIDDEN, HIDDEN])),  # the sum is small itself
        ([3, 9, 20], 32, False, (Shown(32), [FEWER, HIDDEN, Shown(20)])),
        ([1, 5], 6, False, (Shown(6), [HIDDEN, HIDDEN])),  # any part of it would tell
        ([7, 3], 8, True, (Shown(8), [HIDDEN, FEWER])),  # 7 leave 1 of 8
        ([0, 9], 9, False, (Shown(9), [Shown(0), Shown(9)])),
        ([6, 6, 4], 16, True, (Shown(16), [Shown(6), Shown(6), HIDDEN])),  # no less than 4
        ([7, 6, 4], 16, True, (Shown(16), [Shown(7), Shown(6), FEWER])),
    ],
)
def test_line_hides_small_counts_and_what_would_tell_them(counts, total, overlap, expected):
    assert hidden_line(counts, total=total, overlap=overlap, hides=True) == expected
    as_it_is = (Shown(total), [Shown(count) for count in counts])
    assert hidden_line(counts, total=total, overlap=overlap, hides=False) == as_it_is


def coded_call(**overrides):
    """Eight providers, of whom six are under Pay and two of these under Trust as well."""
    call = matrix_call(**overrides)
    reader = make_user(Role.REVIEWER)
    pay, trust = make_code(call=call, name="Pay"), make_code(call=call, name="Trust")
    for number in range(8):
        response = give(call, income="low" if number < 2 else "high")
        if number < 6:
            put_under(pay, response, reader)
        if number < 2:
            put_under(trust, response, reader)
    return call, reader


@pytest.mark.django_db
def test_passages_and_shares_are_hidden_with_their_responses():
    call, reader = coded_call(hides_small_counts=True)
    said, bases = numbers(call, reader, "income")
    assert said == {
        "Pay": {
            "all": "6/6",
            "Under £1,000": "fewer than 5/not shown",
            "More": "fewer than 5/not shown",
        },
        "Trust": {
            "all": "fewer than 5/not shown",
            "None": "not shown/not shown",
            "Under £1,000": "not shown/not shown",
            "More": "not shown/not shown",
        },
    }
    assert bases["all"] == "8"
    assert bases["Under £1,000"] != "2"
    lines = matrix_of(selected(call, reader, "income")).lines
    assert {cell.share for line in lines for cell in line.cells} == {None}
    few = matrix_call(hides_small_counts=True)
    give(few)
    assert matrix_of(selected(few, reader)).responses == FEWER


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hides", "expected"),
    [
        (True, [(FEWER, HIDDEN, Shown(6), FEWER)]),
        (False, [(Shown(2), Shown(2), Shown(6), Shown(2))]),
    ],
)
def test_pair_of_codes_is_hidden_where_few_have_both(hides, expected):
    call, reader = coded_call(hides_small_counts=hides)
    selection = selected(call, reader)
    codes = [line.one for line in matrix_of(selection).lines]
    found = [
        (pair.responses, pair.overlaps, pair.of_first, pair.of_second)
        for pair in pairs_of(selection, codes)
    ]
    assert found == expected
