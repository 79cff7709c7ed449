"""Pieces of a text between the edges of passages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.coding.pieces import MOST_LINES, CodedPassage, Mark, Piece, pieces
from review.coding.places_in_text import Passage


def coded(code, start, end):
    return CodedPassage(code, Passage(start, end))


@pytest.mark.parametrize(
    ("passages", "expected"),
    [
        ([], [Piece("abcdef")]),
        ([coded(1, 0, 6)], [Piece("abcdef", (Mark(1, 1),))]),
        (
            [coded(1, 1, 4), coded(2, 2, 6)],
            [
                Piece("a"),
                Piece("b", (Mark(1, 1),)),
                Piece("cd", (Mark(1, 1), Mark(2, 2))),
                Piece("ef", (Mark(2, 2),)),
            ],
        ),
        # A line is free again where the passage on it has ended.
        (
            [coded(1, 0, 2), coded(2, 2, 4)],
            [Piece("ab", (Mark(1, 1),)), Piece("cd", (Mark(2, 1),)), Piece("ef")],
        ),
        ([coded(1, 0, 2), coded(1, 0, 2)], [Piece("ab", (Mark(1, 1),)), Piece("cdef")]),
    ],
)
def test_overlapping_passages_have_lines_of_their_own(passages, expected):
    assert pieces("abcdef", passages) == expected


def test_of_lines_beyond_the_most_the_last_is_drawn():
    found = pieces("ab", [coded(n, 0, 2) for n in range(6)])
    assert [(mark.code, mark.line) for mark in found[0].marks] == [(0, 1), (1, 2), (2, 3), (5, 4)]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 29), st.integers(1, 9)), max_size=40))
def test_pieces_are_the_whole_text_and_each_has_codes_of_its_place(drawn):
    text = "".join(map(chr, range(0x1F300, 0x1F300 + 30)))
    passages = [coded(code, start, min(start + length, 30)) for code, start, length in drawn]
    found = pieces(text, passages)
    assert "".join(piece.text for piece in found) == text
    for piece in found:
        place = text.index(piece.text)
        there = {one for one in passages if one.passage.start <= place < one.passage.end}
        assert len(piece.marks) == min(len(there), MOST_LINES)
        assert {mark.code for mark in piece.marks} <= {one.code for one in there}
