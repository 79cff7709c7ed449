"""How far coders agree, in numbers: Krippendorff's alpha, Cohen's kappa and the plain share.

All are of nominal values. Sources: K. Krippendorff, “Computing Krippendorff's Alpha-Reliability”
(2011); J. Cohen, “A Coefficient of Agreement for Nominal Scales” (1960).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.percentages import say_share

# How many coders gave each value to a unit.
Unit = Mapping[Hashable, int]
# By two values: how many units, or pairs of values, have them.
Table = Mapping[tuple[Hashable, Hashable], Fraction | int]

NOTHING = "no passage that two coders had open"
NO_VARIATION = "nothing varies: all are coded alike, so that chance alone would agree always"


@dataclass(frozen=True)
class Figure:
    """A number; `value` is None where it is undefined, and `why` says why."""

    value: float | None
    why: str = ""

    @property
    def said(self) -> str:
        return "undefined" if self.value is None else say_coefficient(self.value)


@dataclass(frozen=True)
class Share(Figure):
    """How many of how many pairs of values agree."""

    number: int = 0
    of: int = 0

    @property
    def per_cent(self) -> str:
        return say_share(self.number, self.of) if self.of else "undefined"


def coincidences(units: Iterable[tuple[Unit, int]]) -> Counter[tuple[Hashable, Hashable]]:
    """Return how often two values meet in a unit; each unit comes with how many are like it.

    A unit of m values has each of its pairs, in both orders, weighted by 1/(m - 1), so that the
    whole counts the values. One that a single coder valued has no pair.
    """
    found: Counter[tuple[Hashable, Hashable]] = Counter()
    for unit, times in units:
        coders = sum(unit.values())
        if coders < 2:
            continue
        for one, number in unit.items():
            for other, others in unit.items():
                pairs = number * (others - (one == other))
                found[one, other] += Fraction(pairs * times, coders - 1)  # type: ignore[assignment]  # a Counter of fractions
    return found


def alpha(table: Table) -> Figure:
    """Return Krippendorff's alpha of the coincidences."""
    values = _margin(table, 0)
    number = sum(values.values())
    if not number:
        return Figure(None, NOTHING)
    expected = number * number - sum(one * one for one in values.values())
    if not expected:
        return Figure(None, NO_VARIATION)
    observed = number - _diagonal(table)
    return Figure(float(1 - (number - 1) * observed / Fraction(expected)))


def kappa(table: Table) -> Figure:
    """Return Cohen's kappa of how many units have each pair of values, the first coder's first."""
    number = sum(table.values())
    if not number:
        return Figure(None, NOTHING)
    first, second = _margin(table, 0), _margin(table, 1)
    by_chance = sum(one * second.get(value, 0) for value, one in first.items())
    if by_chance == number * number:
        return Figure(None, NO_VARIATION)
    observed = _diagonal(table) * number
    return Figure(float(Fraction(observed - by_chance) / (number * number - by_chance)))


def say_coefficient(value: float, places: int = 3) -> str:
    """Return the number with so many decimal places: 1 says that all agree, and nothing else."""
    shown = round(value, places)
    if shown == 1 and value < 1:
        shown -= 10**-places
    return f"{shown + 0.0:.{places}f}"  # -0.0 + 0.0 is 0.0


def share(agreeing: int, pairs: int) -> Share:
    """Return which share of the pairs of values agrees."""
    if not pairs:
        return Share(None, NOTHING)
    return Share(agreeing / pairs, number=agreeing, of=pairs)


def _diagonal(table: Table) -> Fraction | int:
    return sum(number for (one, other), number in table.items() if one == other)


def _margin(table: Table, place: int) -> dict[Hashable, Fraction | int]:
    found: dict[Hashable, Fraction | int] = {}
    for pair, number in table.items():
        found[pair[place]] = found.get(pair[place], 0) + number
    return found
