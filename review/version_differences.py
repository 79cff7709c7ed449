"""What an author changed between two versions of a text, word by word.

Python's `difflib` finds it: first among the lines, then among the words of the lines that differ.
Of passages of more than 5,000 words the whole old one and the whole new one are shown, as comparing
their words would take seconds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_WORDS = 5_000
WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Piece:
    """A passage that is in both texts, or was added, or was removed."""

    text: str
    is_added: bool = False
    is_removed: bool = False


def differences(before: str, after: str) -> list[Piece]:
    """Return both texts as pieces: without the added ones they are `before`, without the removed
    ones `after`."""
    pieces: list[Piece] = []
    for old, new in _compared(before.splitlines(keepends=True), after.splitlines(keepends=True)):
        if old == new:
            pieces.append(Piece("".join(old)))
            continue
        old_words, new_words = WORDS.findall("".join(old)), WORDS.findall("".join(new))
        if max(len(old_words), len(new_words)) > MOST_WORDS:
            pieces += _replaced(old_words, new_words)
            continue
        for removed, added in _compared(old_words, new_words):
            same = removed == added
            pieces += [Piece("".join(removed))] if same else _replaced(removed, added)
    return pieces


def _compared(before: Sequence[str], after: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """Return the parts of both, in order, each beside its counterpart; they are equal or differ."""
    parts = SequenceMatcher(None, before, after).get_opcodes()
    return [(list(before[a:b]), list(after[c:d])) for _, a, b, c, d in parts]


def _replaced(removed: Sequence[str], added: Sequence[str]) -> list[Piece]:
    pieces = []
    if removed:
        pieces.append(Piece("".join(removed), is_removed=True))
    if added:
        pieces.append(Piece("".join(added), is_added=True))
    return pieces


def line_differences(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    """Return the same for lines that are compared as a whole, such as choices."""
    pieces: list[Piece] = []
    for removed, added in _compared(before, after):
        if removed == added:
            pieces += [Piece(f"{line}\n") for line in removed]
        else:
            pieces += [Piece(f"{line}\n", is_removed=True) for line in removed]
            pieces += [Piece(f"{line}\n", is_added=True) for line in added]
    return pieces
