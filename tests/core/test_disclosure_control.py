"""Counts under five stay unknown to whoever knows the total."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.disclosure_control import FEW, Shown, TooFew, each_hidden, hidden_among


def possible_values(shown, total, place):
    """What the count at `place` may be, as a reader finds out who knows the total and the rule."""
    left = total - sum(count.number or 0 for count in shown)
    ranges = [
        range(1, FEW) if count.is_few else range(FEW, left + 1)
        for count in shown
        if count.number is None
    ]
    own = sum(count.number is None for count in shown[:place])
    return {values[own] for values in product(*ranges) if sum(values) == left}


@given(st.lists(st.integers(0, 14), min_size=1, max_size=5))
def test_no_small_count_can_be_worked_out(counts):
    try:
        shown = hidden_among(counts)
    except TooFew:
        assert any(0 < count < FEW for count in counts)
        return
    for place, count in enumerate(counts):
        if 0 < count < FEW:
            assert len(possible_values(shown, sum(counts), place)) > 1
        else:
            assert shown[place].number in {count, None}


@pytest.mark.parametrize(
    ("counts", "given", "shown"),
    [
        ([30, 5, 0], {}, [30, 5, 0]),
        ([30, 4, 12], {}, [30, "few", "other"]),
        ([30, 4, 3, 12], {}, [30, "few", "few", 12]),
        ([30, 4, 4, 12], {}, [30, "few", "few", "other"]),
        ([30, 1, 5, 12], {}, [30, "few", "other", "other"]),
        # What is hidden elsewhere helps to hide, but not alone; nought stays.
        ([30, 4, 12, 9, 0], {"also": {0, 1, 4}}, ["other", "few", 12, 9, 0]),
        ([30, 12, 9], {"also": {1}}, [30, "other", "other"]),
        # A few that no count counts take a larger one, even where two small ones hide each other.
        ([30, 12], {"apart": FEW}, [30, 12]),
        ([30, 12], {"apart": FEW - 1}, [30, "other"]),
        ([30, 3, 12], {"apart": 3}, [30, "few", "other"]),
        ([30, 12, 9], {"apart": 3, "also": {1}}, [30, "other", 9]),
    ],
)
def test_as_much_is_hidden_as_it_takes(counts, given, shown):
    hidden = {"few": Shown(None, is_few=True), "other": Shown(None)}
    assert hidden_among(counts, **given) == [hidden.get(count) or Shown(count) for count in shown]


@pytest.mark.parametrize(("counts", "apart"), [([1, 5], 0), ([3], 2)])
def test_counts_that_cannot_be_hidden_are_refused(counts, apart):
    with pytest.raises(TooFew):
        hidden_among(counts, apart=apart)


def test_counts_that_overlap_are_hidden_where_they_or_what_they_leave_is_small():
    hidden, few = Shown(None), Shown(None, is_few=True)
    shown = each_hidden([0, 4, 5, 15, 16, 19, 20], total=20)
    assert shown == [Shown(0), few, Shown(5), Shown(15), hidden, hidden, Shown(20)]
    assert each_hidden([3], total=5) == [few]
    # Of 20, 14 may be counted at all.
    assert each_hidden([9, 10, 13, 14], total=20, apart=6) == [Shown(9), hidden, hidden, Shown(14)]
