"""The figures of agreement, held against examples that were published."""

from collections import Counter
from fractions import Fraction

import pytest

from review.agreement.coefficients import (
    NO_VARIATION,
    NOTHING,
    Figure,
    Share,
    alpha,
    coincidences,
    kappa,
    say_coefficient,
    share,
)

# K. Krippendorff, “Computing Krippendorff's Alpha-Reliability” (2011): observers by line, units by
# column, “.” is missing.
BINARY = ["0100000010", "1110010000"]  # A: binary data, two observers, no missing data
NOMINAL = ["aabbdcccedda", "babbbccceddd"]  # B: nominal data, two observers
MISSING = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]  # C


def units(observers):
    """Each unit's values and how many observers gave them."""
    return [
        (Counter(value for value in unit if value != "."), 1)
        for unit in zip(*observers, strict=True)
    ]


@pytest.mark.parametrize(
    ("observers", "expected"),
    [(BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)],
    ids=["binary", "nominal", "missing data"],
)
def test_alpha_is_that_of_the_published_example(observers, expected):
    assert alpha(coincidences(units(observers))).value == pytest.approx(expected, abs=0.0005)


def test_coincidences_are_those_of_the_published_example():
    found = coincidences(units(BINARY))
    assert found == {("0", "0"): 10, ("0", "1"): 4, ("1", "0"): 4, ("1", "1"): 2}
    whole = sum(coincidences(units(MISSING)).values())
    assert whole == 40  # the pairable values: the twelfth unit has one value, which pairs with none


def test_unit_of_four_weighs_its_pairs_by_a_third():
    assert coincidences([({True: 3, False: 1}, 2)]) == {
        (True, True): 4,
        (True, False): 2,
        (False, True): 2,
        (False, False): 0,
    }


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # J. Cohen, “A Coefficient of Agreement for Nominal Scales” (1960), table 1, of 100.
        (((25, 13, 12), (12, 2, 16), (3, 15, 2)), -0.0923),
        # Wikipedia, “Cohen's kappa”: the simple example, and two of the same share of agreement.
        (((20, 5), (10, 15)), 0.4),
        (((45, 15), (25, 15)), 0.1304),
        (((25, 35), (5, 35)), 0.2593),
    ],
)
def test_kappa_is_that_of_the_published_example(table, expected):
    by_values = {(a, b): n for a, line in enumerate(table) for b, n in enumerate(line)}
    assert kappa(by_values).value == pytest.approx(expected, abs=0.00005)


def test_figures_of_no_unit_are_undefined_and_say_why():
    assert (alpha({}), kappa({})) == (Figure(None, NOTHING),) * 2
    assert share(0, 0) == Share(None, NOTHING)
    assert coincidences([({True: 1, False: 0}, 5)]) == {}


def test_figures_without_variation_are_undefined_and_say_why():
    alike = coincidences([({True: 0, False: 2}, 50)])
    assert alpha(alike) == Figure(None, NO_VARIATION)
    assert kappa({(False, False): 50}) == Figure(None, NO_VARIATION)
    assert share(50, 50) == Share(1.0, number=50, of=50)


def test_kappa_is_nought_where_one_coder_never_varies():
    assert kappa({(True, False): 5, (False, False): 45}).value == 0


def test_full_agreement_is_one_exactly():
    assert alpha(coincidences([({True: 3, False: 0}, 7), ({True: 0, False: 3}, 11)])).value == 1
    assert kappa({(True, True): 7, (False, False): 11}).value == 1
    assert isinstance(sum(coincidences([({True: 2, False: 2}, 1)]).values()), Fraction)


@pytest.mark.parametrize(
    ("value", "said", "in_files"),
    [
        (1.0, "1.000", "1.0000"),
        (0.9999, "0.999", "0.9999"),
        (0.99999, "0.999", "0.9999"),
        (0.9994, "0.999", "0.9994"),
        (-0.0004, "0.000", "-0.0004"),
        (-1.0, "-1.000", "-1.0000"),
    ],
)
def test_one_is_said_of_full_agreement_alone(value, said, in_files):
    assert (Figure(value).said, say_coefficient(value, 4)) == (said, in_files)
