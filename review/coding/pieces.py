"""Cuts a text where passages begin and end, so that a page can draw what each piece belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from review.coding.places_in_text import Passage
from review.redaction.marks import HiddenPassage

MOST_LINES = 4  # under one piece; of further ones the last is drawn


@dataclass(frozen=True)
class CodedPassage:
    """A passage under a code, by its key."""

    code: int
    passage: Passage


@dataclass(frozen=True)
class Mark:
    """A line under a piece; `line` is its place, from 1 for the one nearest to the words."""

    code: int
    line: int


@dataclass(frozen=True)
class Piece:
    """`hidden`: "hidden" or "proposed" where a redaction has it; `said` stands before its first."""

    text: str
    marks: tuple[Mark, ...] = ()
    hidden: str = ""
    said: str = ""


def pieces(text: str, coded: Iterable[CodedPassage]) -> list[Piece]:
    """Return the whole text in pieces; a passage has one line at the same place all along.

    The same passage under the same code, by two coders, is drawn once.
    """
    lines = _lines(set(coded))
    edges: dict[int, list[tuple[bool, CodedPassage]]] = {}
    for one in lines:
        edges.setdefault(one.passage.start, []).append((True, one))
        edges.setdefault(one.passage.end, []).append((False, one))
    found: list[Piece] = []
    open_ones: set[CodedPassage] = set()
    here = 0
    for place in sorted(edges):
        if place > here:
            found.append(Piece(text[here:place], _marks(open_ones, lines)))
            here = place
        for begins, one in edges[place]:
            (open_ones.add if begins else open_ones.discard)(one)
    if here < len(text):
        found.append(Piece(text[here:]))
    return found


def with_hidden(drawn: Iterable[Piece], hidden: Iterable[HiddenPassage]) -> list[Piece]:
    """Cut the pieces further where something is hidden, or proposed to be."""
    redactions = sorted(hidden, key=lambda one: (one.start, one.is_proposed))
    if not redactions:
        return list(drawn)
    edges = sorted({edge for one in redactions for edge in (one.start, one.end)})
    found, place, last = [], 0, None
    for piece in drawn:
        end = place + len(piece.text)
        cuts = [place, *(edge for edge in edges if place < edge < end), end]
        for start, past in pairwise(cuts):
            covering = [one for one in redactions if one.start <= start and past <= one.end]
            one = min(covering, key=lambda one: one.is_proposed, default=None)
            text = piece.text[start - place : past - place]
            if one is None:
                found.append(replace(piece, text=text))
            else:
                kind = "proposed" if one.is_proposed else "hidden"
                said = "" if one is last else one.said
                found.append(replace(piece, text=text, hidden=kind, said=said))
            last = one
        place = end
    return found


def _lines(coded: Iterable[CodedPassage]) -> dict[CodedPassage, int]:
    """Return a line for each, the nearest that no earlier passage still has there."""
    ends: list[int] = []  # by line, where the last passage on it ends
    lines = {}
    for one in sorted(coded, key=lambda one: (one.passage.start, -one.passage.end, one.code)):
        free = next((n for n, end in enumerate(ends) if end <= one.passage.start), len(ends))
        if free == len(ends):
            ends.append(0)
        ends[free] = one.passage.end
        lines[one] = free + 1
    return lines


def _marks(open_ones: Iterable[CodedPassage], lines: dict[CodedPassage, int]) -> tuple[Mark, ...]:
    ordered = sorted(open_ones, key=lambda one: lines[one])
    # Each is an element within the others, with all their lines: of many a browser dies.
    del ordered[MOST_LINES - 1 : -1]
    return tuple(Mark(one.code, min(lines[one], MOST_LINES)) for one in ordered)
