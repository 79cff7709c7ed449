"""Reads what somebody typed to search: words, “phrases”, OR, -without and begin*.

All words count, in any order. OR divides: `town hall OR village` asks for both of the first two, or
for the last. A term is one word, one phrase in quotes, or the beginning of words.
"""

import re
from dataclasses import dataclass

from core.canonical import canonical_text
from core.words import has_no_spaces, words_in

MOST_CHARACTERS = 500
MOST_TERMS = 20
SHORTEST_BEGINNING = 2  # letters before the star
PIECE = re.compile(r'(-?)"([^"]*)"?|(\S+)')
QUOTES = str.maketrans("“”„‟«»", '""""""')


@dataclass(frozen=True)
class Term:
    """`text` is as it was typed, without its marks."""

    text: str
    is_beginning: bool = False
    is_phrase: bool = False
    is_unwanted: bool = False

    @property
    def runs(self) -> list[str]:
        """The words of letters, their marks and digits in it, in lower case."""
        return list(words_in(self.text.lower()))

    @property
    def has_no_spaces(self) -> bool:
        """Whether it is of a script without spaces, of which PostgreSQL knows no words."""
        return has_no_spaces(self.text)

    def __str__(self) -> str:
        if self.is_beginning:
            return f"words that begin with “{self.text}”"
        return f"the phrase “{self.text}”" if self.is_phrase else f"“{self.text}”"


@dataclass(frozen=True)
class Wanted:
    """Any of `groups`, of each all its terms. `is_cut`: more was typed than is searched."""

    groups: tuple[tuple[Term, ...], ...]
    is_cut: bool = False

    @property
    def terms(self) -> list[Term]:
        return [term for group in self.groups for term in group]


def read(typed: str) -> Wanted:
    """Return what is wanted. Nothing that can be typed is refused; marks alone ask for nothing."""
    text = canonical_text(typed.replace("\0", " ")).translate(QUOTES)
    groups: list[list[Term]] = [[]]
    number = 0
    for piece in PIECE.finditer(text[:MOST_CHARACTERS]):
        if piece[3] and piece[3].upper() == "OR":
            groups.append([])
        elif (term := _term(piece)) and number < MOST_TERMS:
            groups[-1].append(term)
            number += 1
        elif term:
            return _wanted(groups, is_cut=True)
    return _wanted(groups, is_cut=len(text) > MOST_CHARACTERS)


def _wanted(groups: list[list[Term]], *, is_cut: bool) -> Wanted:
    return Wanted(tuple(tuple(group) for group in groups if group), is_cut)


def _term(piece: re.Match[str]) -> Term | None:
    """Return the term that the piece of text is; None for one without any letter or digit."""
    word = piece[3]
    if word is None:
        term = Term(piece[2].strip(), is_phrase=True, is_unwanted=bool(piece[1]))
    else:
        bare = word.removeprefix("-").replace('"', " ").strip()
        begins = bare.endswith("*")
        term = Term(bare.rstrip("*"), is_beginning=begins, is_unwanted=word.startswith("-"))
        if begins and (not term.runs or len(term.runs[-1]) < SHORTEST_BEGINNING):
            term = Term(term.text, is_unwanted=term.is_unwanted)
    return term if term.runs else None
