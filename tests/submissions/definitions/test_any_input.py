"""Whatever is written, a definition is read or refused in lines that name file and key."""

import copy
import json
import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.lines import numbered
from submissions.definitions.loading import parse
from submissions.definitions.reading_calls import read
from submissions.definitions.rules import check
from submissions.definitions.tables import Problems
from tests.makers import FIRST_CALL, SMALL

TEXT = FIRST_CALL.read_text(encoding="utf-8")
TABLES = tomllib.loads(SMALL.read_text(encoding="utf-8"))
LINE = re.compile(r"any\.toml: [^\n]+: [^\n]+")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.text()
    | st.sampled_from(["roles", "radio", "file", "email", "story", "a = b", "roles contains x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def assert_lines(problems):
    assert problems
    assert [problem for problem in problems if not LINE.fullmatch(problem)] == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=20))
def test_first_call_with_any_cut_and_any_insertion(at, cut, inserted):
    text = TEXT[:at] + inserted + TEXT[at + cut :]
    try:
        parse(text, source="any.toml")
    except DefinitionRefused as refused:
        assert_lines(refused.problems)
        if refused.found:
            assert_lines(numbered(refused.found, text, source="any.toml"))


@given(st.text())
def test_any_text(text):
    try:
        parse(text, source="any.toml")
    except DefinitionRefused as refused:
        assert_lines(refused.problems)


def places(value, path=()):
    yield path
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


PLACES = [path for path in places(TABLES) if path]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_value_in_any_place(changes):
    tables = copy.deepcopy(TABLES)
    for path, value in changes:
        put(tables, path, value)
    problems = Problems("any.toml")
    definition = read(tables, problems)
    if not problems.lines:
        check(definition, problems)
        json.dumps(definition.digest())
    if problems.lines:
        assert_lines(problems.lines)


def put(tables, path, value):
    inner = tables
    for key in path[:-1]:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return
    try:
        inner[path[-1]] = value
    except (IndexError, TypeError):
        return
