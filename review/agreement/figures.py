"""The table of a sample's agreement: by code and over all, with the numbers behind each figure.

A unit is a sentence or a whole answer, and has two values for a code: a coder coded it so, or not.
One of their codings with the code that overlaps it is enough. Codes that no coder of the
sample used are left out; over all codes each unit counts once for each of the others.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations

from accounts.models import User
from review.agreement.coefficients import (
    Figure,
    Share,
    Table,
    Unit,
    alpha,
    coincidences,
    kappa,
    share,
)
from review.agreement.comparing import ComparedText, Comparison
from review.models import Code

# Who had a unit open, and who of them coded it with the code -> how many units are like that.
Units = Counter[tuple[frozenset[int], frozenset[int]]]
NOBODY: frozenset[int] = frozenset()
YES, NO = True, False


class By(StrEnum):
    SENTENCE = "sentence"
    ANSWER = "answer"


@dataclass(frozen=True)
class PairFigures:
    """Two coders: how many units both, one or neither of them coded so."""

    first: User
    second: User
    both: int
    only_first: int
    only_second: int
    neither: int
    responses: int

    @property
    def units(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @cached_property
    def kappa(self) -> Figure:
        return kappa(
            {
                (YES, YES): self.both,
                (YES, NO): self.only_first,
                (NO, YES): self.only_second,
                (NO, NO): self.neither,
            }
        )

    @property
    def share(self) -> Share:
        return share(self.both + self.neither, self.units)


@dataclass(frozen=True)
class CodeFigures:
    """`code` is None over all codes. `coded` units have the code from somebody."""

    code: Code | None
    units: int
    coded: int
    responses: int
    table: Table
    agreeing: int
    pairs: int
    pairs_of_coders: list[PairFigures]

    @cached_property
    def alpha(self) -> Figure:
        return alpha(self.table)

    @property
    def share(self) -> Share:
        return share(self.agreeing, self.pairs)

    @property
    def kappas(self) -> list[float]:
        """The kappas of the pairs of coders that are defined, from the lowest."""
        found = (pair.kappa.value for pair in self.pairs_of_coders)
        return sorted(value for value in found if value is not None)

    def met(self, one: bool, other: bool) -> float:
        """Return how often the values met, in the coincidences."""
        return float(self.table.get((one, other), 0))

    @property
    def met_both(self) -> float:
        return self.met(YES, YES)

    @property
    def met_one(self) -> float:
        return self.met(YES, NO) + self.met(NO, YES)

    @property
    def met_neither(self) -> float:
        return self.met(NO, NO)


def figures(comparison: Comparison, by: By) -> list[CodeFigures]:
    """Return the figures over all codes, then those of each code by its name."""
    had: Counter[frozenset[int]] = Counter()
    coded: dict[int, Units] = {key: Counter() for key in comparison.codes}
    for text in comparison.texts:
        had[text.coders] += len(text.sentences) if by == By.SENTENCE else 1
        for code, coders in _coded(text, by):
            coded[code][text.coders, frozenset(coders)] += 1
    whole: Units = Counter()
    for units in coded.values():
        of_set: Counter[frozenset[int]] = Counter()
        for (had_open, _), number in units.items():
            of_set[had_open] += number
        for had_open, number in had.items():
            units[had_open, NOBODY] += number - of_set[had_open]
        whole.update(units)
    by_name = sorted(comparison.codes.values(), key=lambda code: (code.name.casefold(), code.pk))
    number = sum(had.values())
    return [
        _figures(comparison, None, whole, number * len(by_name)),
        *(_figures(comparison, code, coded[code.pk], number) for code in by_name),
    ]


def _coded(text: ComparedText, by: By) -> Iterator[tuple[int, set[int]]]:
    """Give each unit's codes, with who coded it so."""
    if by == By.SENTENCE:
        for of_sentence in text.coded_sentences.values():
            yield from of_sentence.items()
    else:
        of_answer: dict[int, set[int]] = {}
        for coding in text.codings:
            of_answer.setdefault(coding.code, set()).add(coding.coder)
        yield from of_answer.items()


def _figures(comparison: Comparison, code: Code | None, units: Units, number: int) -> CodeFigures:
    by_values: list[tuple[Unit, int]] = [
        ({YES: len(so), NO: len(had_open) - len(so)}, times)
        for (had_open, so), times in units.items()
    ]
    return CodeFigures(
        code=code,
        units=number,
        coded=sum(times for (_, so), times in units.items() if so),
        responses=comparison.responses,
        table=coincidences(by_values),
        agreeing=sum(
            times * sum(given * (given - 1) // 2 for given in unit.values())
            for unit, times in by_values
        ),
        pairs=sum(
            times * (len(had_open) * (len(had_open) - 1) // 2)
            for (had_open, _), times in units.items()
        ),
        pairs_of_coders=_pairs(comparison, units),
    )


def _pairs(comparison: Comparison, units: Units) -> list[PairFigures]:
    by_name = sorted(comparison.coders.values(), key=lambda coder: coder.get_username())
    found = []
    for first, second in combinations(by_name, 2):
        both_had = {first.pk, second.pk}
        values: Counter[tuple[bool, bool]] = Counter()
        for (had_open, so), times in units.items():
            if both_had <= had_open:
                values[first.pk in so, second.pk in so] += times
        found.append(
            PairFigures(
                first=first,
                second=second,
                both=values[YES, YES],
                only_first=values[YES, NO],
                only_second=values[NO, YES],
                neither=values[NO, NO],
                responses=sum(both_had <= coders for coders in comparison.done.values()),
            )
        )
    return found
