"""Hides counts under five, and the counts from which a hidden one could be worked out.

Where a call asks for it, one to four responses are shown as “fewer than 5”. Where the counts of
a table add up to a known total, a single hidden one could be worked out from the others, so
further ones are hidden until none can. A count that leaves one to four of a known total is
hidden for what it leaves. Nought is shown: it counts nobody.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

FEW = 5


@dataclass(frozen=True)
class Shown:
    """`number` is None where the count is hidden: `is_few` because it is small itself."""

    number: int | None
    is_few: bool = False


class TooFew(Exception):
    """Whatever of these counts is hidden, the total gives them away."""


def is_few(count: int) -> bool:
    return 0 < count < FEW


def leaves_few(count: int, total: int) -> bool:
    return is_few(total - count)


def as_they_are(counts: Sequence[int]) -> list[Shown]:
    return [Shown(count) for count in counts]


def each_hidden(counts: Sequence[int], *, total: int, apart: int = 0) -> list[Shown]:
    """Hide those that are small or leave few of the total, among counts that overlap.

    `apart` are responses of the total that none of the counts may count.
    """
    return [
        Shown(None, is_few=is_few(count))
        if is_few(count) or leaves_few(count, total) or leaves_few(count, total - apart)
        else Shown(count)
        for count in counts
    ]


def without_few_that_are_told(
    counts: Sequence[int], shown: Sequence[Shown], *, total: int
) -> list[Shown]:
    """Say of no count that it is small, where that would tell that it is four.

    The counts may overlap, and each of the total is in one at least. So they add up to no less: of
    16, two counts of 6 and one that is small tell that this is four.
    """
    hidden = [place for place, count in enumerate(shown) if count.number is None]
    are_told = (
        sum(counts) == total
        and all(shown[place].is_few for place in hidden)
        and {counts[place] for place in hidden} == {FEW - 1}
    )
    return [replace(count, is_few=False) for count in shown] if are_told else [*shown]


def hidden_among(
    counts: Sequence[int], *, also: Collection[int] = (), apart: int = 0
) -> list[Shown]:
    """Hide the small ones, and as many others as it takes, among counts of a known total.

    `also` are places whose counts are hidden whatever they are; nought stays. `apart` are
    responses of the total that none of the counts counts. If they are few, all tables hide how
    many there are: each hides a larger count of its own, so that no two together tell either.
    Raises TooFew if even all of them hidden could be worked out.
    """
    if is_few(apart):
        return _hidden_among([*counts, apart], also, needs_others=True)[:-1]
    return _hidden_among(counts, also, needs_others=False)


def _hidden_among(
    counts: Sequence[int], also: Collection[int], *, needs_others: bool
) -> list[Shown]:
    few = {place for place, count in enumerate(counts) if is_few(count)}
    others = {place for place in also if counts[place] >= FEW}
    larger = sorted(
        (count, place) for place, count in enumerate(counts) if count >= FEW and place not in others
    )
    while (few or others) and not (
        _stays_unknown(counts, few, others) and (others or not needs_others)
    ):
        if not larger:
            raise TooFew
        others.add(larger.pop(0)[1])
    return [
        Shown(None, is_few=place in few) if place in few | others else Shown(count)
        for place, count in enumerate(counts)
    ]


def _stays_unknown(counts: Sequence[int], few: set[int], others: set[int]) -> bool:
    """Whether the sum of the hidden counts leaves each of the small ones two values or more.

    Where none is small, it is enough that more than one is hidden.

    Small ones are 1 to 4 and the others 5 or more, as everybody can see.
    """
    total = sum(counts[place] for place in few | others)
    if not others:
        return len(few) < total < (FEW - 1) * len(few) and len(few) > 1
    if not few:
        return len(others) > 1
    left = total - FEW * len(others)
    return left >= len(few) + 3
