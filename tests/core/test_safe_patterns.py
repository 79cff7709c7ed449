import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.safe_patterns import UnsafePattern, check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[0-9]{6,7}|[Ss][Cc] ?[0-9]{6}",
        r"(?:\d{2}-){2}\d{4}",
        r"[^\]a]{1,20}",
        "[]a]{2}",
        "^a$",
        "(a|b){3}",
    ],
)
def test_pattern_of_few_ways_is_taken(pattern):
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[0-9", "is not a regular expression: unterminated character set at position 0"),
        ("a*", "repeats without end: write how often, such as {1,8}, not *"),
        ("(a+)+", "repeats without end: write how often, such as {1,8}, not +"),
        ("a{2,}", "has a { that is not a repetition such as {6} or {1,8}"),
        ("a{,2}", "has a { that is not a repetition such as {6} or {1,8}"),
        ("a{1,9}?", "has a repetition of a repetition"),
        ("(?=a)a", "has a group of a kind that is not allowed at character 1"),
        (r"(a)\1", "has an escape that is not allowed at character 4"),
        ("(a?){20}", "can match in too many ways: make its repetitions shorter"),
        ("a?" * 20, "can match in too many ways: make its repetitions shorter"),
        ("(a|a)" * 20, "can match in too many ways: make its repetitions shorter"),
        ("[[a]", "is not a regular expression: Possible nested set at position 1"),
    ],
)
def test_pattern_that_could_hang_is_refused(pattern, reason):
    with pytest.raises(UnsafePattern, match=re.escape(reason)):
        check_pattern(pattern)


ATOMS = st.sampled_from(["a", "b", "[ab]", ".", r"\w"])
REPETITIONS = st.sampled_from(["", "", "?", "*", "+", "{1,3}", "{2}"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, REPETITIONS).map("({0[0]}){0[1]}".format),
        st.tuples(ATOMS, REPETITIONS).map("".join),
    ),
    max_leaves=12,
)


@given(PATTERNS)
def test_pattern_that_is_taken_is_quick_on_any_text(pattern):
    try:
        check_pattern(pattern)
    except UnsafePattern:
        return
    started = time.process_time()
    re.fullmatch(pattern, "a" * 50_000 + "!")
    re.fullmatch(pattern, "ab" * 20 + "!")
    assert time.process_time() - started < 0.5


@given(st.text(max_size=60))
def test_any_pattern_is_taken_or_refused(pattern):
    with contextlib.suppress(UnsafePattern):
        check_pattern(pattern)
