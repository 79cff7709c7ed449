import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words import count_words, first_words, parts_by_word
from tests.unspaced import UNSPACED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n ", 0),
        ("one", 1),
        ("well-kept  and\ntrue.", 3),
        ("a – b", 3),
        ("नमस्ते दुनिया", 2),
    ],
)
def test_words_are_runs_without_white_space(text, words):
    assert count_words(text) == words


@given(st.text(st.characters(max_codepoint=0xDFF)))
def test_texts_with_spaces_count_as_they_always_did(text):
    assert count_words(text) == len(text.split())


@pytest.mark.parametrize(("text", "words"), UNSPACED)
def test_words_of_scripts_without_spaces_are_counted(text, words):
    assert count_words(text) == words


@given(st.text())
def test_every_run_is_a_word_at_least(text):
    assert count_words(text) >= len(text.split())


def test_million_characters_without_a_space_are_counted_in_one_go():
    sentence, words = UNSPACED[0]
    assert count_words(sentence * 20_000) >= 19_000 * words


@given(st.text(st.characters(max_codepoint=0xDFF)))
def test_parts_of_texts_with_spaces_are_cut_there(text):
    assert parts_by_word(text) == re.findall(r"\S+\s*", text)


@given(st.text() | st.sampled_from([text for text, _ in UNSPACED]))
def test_parts_are_the_text_with_a_word_in_each(text):
    parts = parts_by_word(text)
    assert "".join(parts) == text.lstrip()
    assert len(parts) == count_words(text)


@pytest.mark.parametrize(
    ("text", "number", "opening"),
    [
        ("One two\nthree  four", 3, "One two three"),
        ("One two", 3, "One two"),
        ("我们的组织没有得到资助。", 3, "我们的组织"),
        ("", 1, ""),
    ],
)
def test_first_words_end_at_a_word(text, number, opening):
    assert first_words(text, number) == opening
