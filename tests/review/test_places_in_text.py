"""Sentences, paragraphs, and what a browser's selection is in the stored text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.coding.places_in_text import (
    Passage,
    as_shown,
    from_utf16,
    paragraphs,
    sentences,
    to_utf16,
    whole,
)
from review.errors import CodingRefused

TEXT = (
    "We asked Dr. Smith, e.g. about £1.5m. It was “fine.” Really?! yes... And so on.\r\n"
    "A list:\n- one\n- two. Three\n\n  \nJ. Bloggs said. 😎 e\u0301 done. مرحبا؟ نعم.\n"
)


def test_sentences_end_where_a_reader_ends_them():
    assert [one.quote(TEXT) for one in sentences(TEXT)] == [
        "We asked Dr. Smith, e.g. about £1.5m.",
        "It was “fine.”",
        "Really?! yes...",
        "And so on.",
        "A list:",
        "- one",
        "- two.",
        "Three",
        "J. Bloggs said.",
        "😎 e\u0301 done.",
        "مرحبا؟",
        "نعم.",
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("वे देर से आए। क्यों? कोई नहीं जानता॥", ["वे देर से आए।", "क्यों?", "कोई नहीं जानता॥"]),
        ("预算少。他说：“没有！”为什么？", ["预算少。", "他说：“没有！”", "为什么？"]),
        ("「そうです。」と言う。終わり", ["「そうです。」", "と言う。", "終わり"]),
    ],
)
def test_sentences_end_at_the_marks_of_other_scripts(text, parts):
    assert [one.quote(text) for one in sentences(text)] == parts


def test_paragraphs_are_parted_by_lines_of_white_space():
    first, second = (one.quote(TEXT) for one in paragraphs(TEXT))
    assert (first[:8], first[-5:]) == ("We asked", "Three")
    assert second == "J. Bloggs said. 😎 e\u0301 done. مرحبا؟ نعم."
    assert [one.quote(" \n\n a\n") for one in paragraphs(" \n\n a\n")] == ["a"]
    assert paragraphs(" \n ") == []


PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "B",
            " ",
            ". ",
            "! ",
            "\r\n",
            "\n",
            "\r",
            "😎",
            "e\u0301",
            "\u202eعربي",
            "👩\u200d👩",
            "\u2028",
        ]
    ),
    min_size=1,
    max_size=40,
)


@given(PIECES, st.data())
def test_selection_of_a_browser_is_the_same_words_in_the_stored_text(pieces, data):
    text = "".join(pieces)
    shown = as_shown(text)
    start = data.draw(st.integers(0, len(shown) - 1))
    quote = shown[start : data.draw(st.integers(start + 1, len(shown)))]
    chosen = (units(shown[:start]), units(shown[:start]) + units(quote))
    if not quote.strip():
        with pytest.raises(CodingRefused, match="only white space"):
            from_utf16(text, *chosen, quote=quote)
        return
    passage = from_utf16(text, *chosen, quote=quote)
    assert as_shown(passage.quote(text)) == quote.strip()
    ((first, last),) = to_utf16(text, [passage])
    assert shown.encode("utf-16-le")[2 * first : 2 * last].decode("utf-16-le") == quote.strip()


def units(text):
    return len(text.encode("utf-16-le")) // 2


@given(PIECES)
def test_each_sentence_stands_in_its_text_and_nothing_but_white_space_between(pieces):
    text = "".join(pieces)
    found = sentences(text)
    assert "".join("".join(one.quote(text) for one in found).split()) == "".join(text.split())
    assert found == sorted(found)
    assert all(one.quote(text) == one.quote(text).strip() != "" for one in found)


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (0, 3, "fai"),  # other words
        (0, 99, "Fair"),
        (-1, 2, "Fa"),
        (2, 2, ""),
        (5, 6, "\ud83d"),  # half of a pair
    ],
)
def test_selection_that_does_not_match_is_refused(start, end, quote):
    with pytest.raises(CodingRefused, match="choose them again"):
        from_utf16("Fair 😎 pay", start, end, quote=quote)


def test_whole_answer_is_without_the_white_space_around_it():
    assert whole(" \n a b \n") == Passage(3, 6)
