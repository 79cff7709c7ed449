"""Shares in per cent: one decimal, rounded down, and never nothing or all where it is not."""

import pytest

from core.percentages import per_cent, say_share


@pytest.mark.parametrize(
    ("number", "of", "number_said", "said"),
    [
        (0, 7, 0, "0%"),
        (1, 3, 33.3, "33.3%"),
        (2, 3, 66.6, "66.6%"),
        (1, 2, 50, "50%"),
        (29, 100, 29, "29%"),
        (57, 100, 57, "57%"),
        (50_999, 100_000, 50.9, "50.9%"),
        (9_999, 10_000, 99.9, "99.9%"),
        (3, 3, 100, "100%"),
        (1, 1_000, 0.1, "0.1%"),
        (1, 1_001, 0.09, "<0.1%"),
        (1, 60_000, 0.001, "<0.1%"),
    ],
)
def test_share_is_rounded_down_to_a_tenth(number, of, number_said, said):
    assert (per_cent(number, of), say_share(number, of)) == (number_said, said)
