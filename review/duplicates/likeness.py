"""Whether one answer has the words of another: containment of shingles, then words in order.

Containment, not resemblance: a text within a longer one is found however much was added to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from review.duplicates.wording import Wording

ENOUGH = 0.5  # of the shingles of the shorter answer: nobody writes so much alike by chance
PERHAPS = 0.3  # from here the words in their order decide
IN_ORDER = 0.75  # of the words of the shorter answer
LONGEST_RATIO = 3  # a long text has the common words of a short one in any order
# Shorter answers have to be the same: two of twenty words may be alike by chance.
SHORTEST_TO_DIFFER = 25


@dataclass(frozen=True)
class Match:
    """Two answers that are alike; `share` of the shorter one is in the longer one."""

    key: str
    other_key: str
    share: float
    words: int


def match(one: Wording, other: Wording) -> Match | None:
    """Return how alike two answers are, None if they are not."""
    shorter, longer = sorted((one, other), key=lambda answer: len(answer.words))
    size = len(shorter.words)
    if one.words == other.words and one.shingles:
        return Match(one.key, other.key, 1.0, size)
    if size < SHORTEST_TO_DIFFER or not shorter.shingles:
        return None
    share = len(shorter.shingles & longer.shingles) / len(shorter.shingles)
    if share < PERHAPS:
        return None
    if share < ENOUGH:
        if len(longer.words) > LONGEST_RATIO * size:
            return None
        share = LCSseq.similarity(shorter.words, longer.words) / size
        if share < IN_ORDER:
            return None
    return Match(one.key, other.key, share, size)


def matches(answers: Sequence[Wording], others: Sequence[Wording]) -> list[Match]:
    """Return for each answer the one of the others that it is most alike, if any is."""
    found = []
    for answer in answers:
        alike = [each for other in others if (each := match(answer, other)) is not None]
        if alike:
            found.append(max(alike, key=lambda each: (each.share, each.words)))
    return found
