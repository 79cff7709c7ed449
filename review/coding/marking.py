"""Cuts a text where passages begin and end, so that a page can draw what each piece belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass

from review.coding.passages import Passage

MOST_LINES = 4  # under one piece; further ones share the last


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
    text: str
    marks: tuple[Mark, ...] = ()


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
    return tuple(Mark(one.code, min(lines[one], MOST_LINES)) for one in ordered)
