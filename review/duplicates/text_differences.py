"""Where two texts differ, word by word, for people to read: in words and not by colour alone."""

from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from core.words import parts_by_word
from review.duplicates.wording import words_of

LONG_RUN = 60  # words that are the same; of more only both ends are shown
ENDS = 15  # words
MOST_WORDS = 12_000  # of each text; of longer ones the beginning is compared


@dataclass(frozen=True)
class Piece:
    """`kind` is same, added, left_out or skipped; of a skipped run `text` is empty."""

    kind: str
    text: str = ""
    words: int = 0


def differences(before: str, after: str) -> list[Piece]:
    """Return how `after` differs from `before`: what was added to it, and what it left out."""
    one, other = (parts_by_word(text)[:MOST_WORDS] for text in (before, after))
    pieces: list[Piece] = []
    compared = [[" ".join(words_of(token)) for token in tokens] for tokens in (one, other)]
    for step in LCSseq.opcodes(*compared):
        left_out = "".join(one[step.src_start : step.src_end])
        added = other[step.dest_start : step.dest_end]
        if step.tag == "equal":
            pieces += _same(added)
            continue
        if left_out:
            piece = Piece("left_out", left_out, step.src_end - step.src_start)
            # What was there before comes first, as in any correction.
            follows = pieces and pieces[-1].kind == "added"
            pieces.insert(len(pieces) - 1 if follows else len(pieces), piece)
        if added:
            pieces.append(Piece("added", "".join(added), len(added)))
    return pieces


def _same(tokens: list[str]) -> list[Piece]:
    if len(tokens) <= LONG_RUN:
        return [Piece("same", "".join(tokens), len(tokens))]
    return [
        Piece("same", "".join(tokens[:ENDS]), ENDS),
        Piece("skipped", words=len(tokens) - 2 * ENDS),
        Piece("same", "".join(tokens[-ENDS:]), ENDS),
    ]
