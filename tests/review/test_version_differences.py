"""The words that differ between two versions of a text."""

import time

import pytest

from review.version_differences import differences, line_differences


def sides(pieces):
    """Both texts, out of the pieces."""
    return (
        "".join(piece.text for piece in pieces if not piece.is_added),
        "".join(piece.text for piece in pieces if not piece.is_removed),
    )


def marked(pieces):
    return [("+" if p.is_added else "-" if p.is_removed else " ") + p.text for p in pieces]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("One two three", "One 2 three", [" One ", "-two ", "+2 ", " three"]),
        ("One", "One", [" One"]),
        ("", "New", ["+New"]),
        ("Old", "", ["-Old"]),
        ("A\nB b\nC", "A\nB c\nC", [" A\n", " B ", "-b\n", "+c\n", " C"]),
    ],
)
def test_changed_words_are_marked_and_the_others_are_not(before, after, said):
    assert marked(differences(before, after)) == said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb", "a\nb"),
        ("  leading", "leading  "),
        ("x\x0by\u2028z", "x y\u2028\u2028z"),
        ("\U0001f600 e\u0301", "\U0001f601 \u00e9"),
        (" ", ""),
    ],
)
def test_pieces_are_both_texts_to_the_letter(before, after):
    assert sides(differences(before, after)) == (before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("the " * 200_000, "the " * 199_999 + "end"),
        (" ".join(str(n % 7) for n in range(4_000)), " ".join(str(n % 5) for n in range(4_000))),
        ("\n".join("ab"[n % 3 % 2] for n in range(20_000)), "\n".join("ba" * 10_000)),
    ],
)
def test_long_and_repetitive_texts_are_compared_within_a_second(before, after):
    start = time.process_time()
    assert sides(differences(before, after)) == (before, after)
    assert time.process_time() - start < 1


def test_lines_are_compared_as_a_whole():
    pieces = line_differences(["- One", "- Two"], ["- Two", "- Two and more"])
    assert marked(pieces) == ["-- One\n", " - Two\n", "+- Two and more\n"]
