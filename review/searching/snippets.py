"""The places where a response has what was searched for, with the words marked.

Python looks for words that begin as a stem does, and PostgreSQL says of these few which are words
of that stem. So a text of any length is read fast, and no text can make the reading slow.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import connection

from core.direction import is_from_right
from core.words import BETWEEN_WORDS, IN_A_WORD, words_in
from review.searching.wanted import Term

AROUND = 90  # characters on each side of what was found
NEAR = 200  # characters within which words are shown together
MOST_LOOKED_AT = 200  # occurrences in one text
LONGEST_WORD = 200
LONGEST_PHRASE_GAP = 40  # characters between two words of a phrase


@dataclass(frozen=True)
class Passage:
    """A text that may have what was searched for, and where it stands, such as its question.

    `anchor` is the place of it on the page of its response.
    """

    where: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Snippet:
    """`pieces` are parts of the text in order, each with whether it is marked.

    `is_from_right` is true where the whole line is read from the right, whatever piece of it is
    shown.
    """

    where: str
    anchor: str
    is_from_right: bool
    pieces: list[tuple[str, bool]]
    terms: frozenset[int]


@dataclass(frozen=True)
class _Hit:
    start: int
    end: int
    term: int


class Marker:
    """Marks the terms of one search in texts; asks the database twice for all of them together."""

    def __init__(self, terms: Sequence[Term], texts: Iterable[str]) -> None:
        self._terms = terms
        self._patterns = [self._pattern_of(term) for term in terms]
        self._words_of = self._accepted(texts)

    def best(self, passages: Iterable[Passage], *, most: int) -> list[Snippet]:
        """Return a snippet of each passage that has any term, first those with the most of them."""
        found = [snippet for each in passages if (snippet := self._snippet(each))]
        return sorted(found, key=lambda snippet: -len(snippet.terms))[:most]

    @cached_property
    def _stems(self) -> dict[str, str]:
        """The stem of each word that was typed, "" for one that is not searched for."""
        return stems(run for term in self._terms if not term.is_beginning for run in term.runs)

    def _pattern_of(self, term: Term) -> re.Pattern[str]:
        """Return what may be the term: each word of it, one after the other."""
        if term.has_no_spaces:
            between = rf"{BETWEEN_WORDS}{{0,{LONGEST_PHRASE_GAP}}}"
            return re.compile(between.join(map(re.escape, term.runs)), re.IGNORECASE)
        # A class with all marks takes long to compile.
        one, other = (r"\w", r"\W") if term.text.isascii() else (IN_A_WORD, BETWEEN_WORDS)
        if term.is_beginning:
            words = [rf"{re.escape(run)}(?!{one})" for run in term.runs[:-1]]
            words.append(rf"{re.escape(term.runs[-1])}{one}*")
        else:
            # A stem ends in “i” where the word may have “y”.
            words = [
                rf"{re.escape(stem[:-1] if len(stem) > 3 else stem)}{one}*" if stem else rf"{one}+"
                for stem in (self._stems[run] for run in term.runs)
            ]
        between = rf"{other}{{1,{LONGEST_PHRASE_GAP}}}"
        return re.compile(rf"(?<!{one})(?:{between.join(words)})", re.IGNORECASE)

    def _accepted(self, texts: Iterable[str]) -> dict[str, str]:
        """Return the stems of all words of the texts that may be a word of a term."""
        words = {
            run
            for text in texts
            for term, pattern in zip(self._terms, self._patterns, strict=True)
            if not term.is_beginning
            for each in _some(pattern, text)
            for run in words_in(each[0].lower())
            if len(run) <= LONGEST_WORD
        }
        return stems(words)

    def _snippet(self, passage: Passage) -> Snippet | None:
        hits = sorted(
            (
                _Hit(each.start(), each.end(), place)
                for place, pattern in enumerate(self._patterns)
                for each in _some(pattern, passage.text)
                if self._is_it(self._terms[place], each[0])
            ),
            key=lambda hit: (hit.start, -hit.end),
        )
        if not hits:
            return None
        first = max(hits, key=lambda hit: len(_terms_near(hits, hit)))
        shown = [hit for hit in hits if 0 <= hit.start - first.start < NEAR]
        terms = frozenset(hit.term for hit in hits)
        return Snippet(
            passage.where,
            passage.anchor,
            is_from_right(_line_around(passage.text, shown[0].start)),
            _pieces(passage.text, shown),
            terms,
        )

    def _is_it(self, term: Term, written: str) -> bool:
        if term.is_beginning or term.has_no_spaces:
            return True
        runs = list(words_in(written.lower()))
        return len(runs) == len(term.runs) and all(
            not self._stems[typed] or self._stems[typed] == self._words_of.get(run)
            for typed, run in zip(term.runs, runs, strict=True)
        )


def stems(words: Iterable[str]) -> dict[str, str]:
    """Return the English stem of each word in lower case, "" for one too common to be indexed."""
    asked = sorted(set(words))
    if not asked:
        return {}
    sql = "SELECT w, (ts_lexize('english_stem', w))[1] FROM unnest(%s::text[]) AS w"
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked])
        return {word: stem or "" for word, stem in cursor.fetchall()}


def _some(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    for number, found in enumerate(pattern.finditer(text)):
        if number == MOST_LOOKED_AT:
            return
        yield found


def _terms_near(hits: Sequence[_Hit], one: _Hit) -> set[int]:
    return {hit.term for hit in hits if 0 <= hit.start - one.start < NEAR}


def _line_around(text: str, place: int) -> str:
    begin = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[begin : end if end != -1 else len(text)]


def _pieces(text: str, hits: Sequence[_Hit]) -> list[tuple[str, bool]]:
    """Cut the text around the hits, at the ends of words, and into marked and other pieces."""
    begin = max(0, hits[0].start - AROUND)
    end = min(len(text), max(hit.end for hit in hits) + AROUND)
    while 0 < begin < hits[0].start and not text[begin - 1].isspace():
        begin += 1
    while end < len(text) and end > hits[-1].end and not text[end].isspace():
        end -= 1
    pieces = [("… ", False)] if begin else []
    at = begin
    for hit in hits:
        if hit.start < at:
            continue
        pieces += [(text[at : hit.start], False), (text[hit.start : hit.end], True)]
        at = hit.end
    pieces.append((text[at:end], False))
    if end < len(text):
        pieces.append((" …", False))
    return [(" ".join(piece.split("\n")), marked) for piece, marked in pieces if piece]
