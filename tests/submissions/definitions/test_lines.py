"""Problems name the lines of the file, in whatever way of TOML it is written."""

import re
import tomllib

import pytest

from submissions.definitions import lines
from submissions.definitions.errors import Problem
from submissions.definitions.lines import numbered
from tests.makers import FIRST_CALL

FIRST = FIRST_CALL.read_text(encoding="utf-8")
# In the way of the guide, and in odd ones.
WAYS = '''\
# A comment with [[sections]]
[call]
title = "one line"
about = """
[[sections]]
slug = "of the text"
"""
contact.email = 'x' # ]
"odd \\u0041.name" = 1
telephone = { number = "1", hours = """
ten to
four""" }

[call . post]
address = "there"

[[ sections ]] # [[sections]]
key = "one"
[["sections".'questions']]
key = "a"
options = [ # two
    { key = "yes", label = "]" },
    { key = "no" }, { key = "may" }, { key = "may" },
]
[[sections.questions]]
kind = "long"
[[sections.questions]]
key = "twice"
[[sections.questions]]
key = "twice"
[[sections.questions]]
key = "title"
[[sections]]
title = \'\'\'
a
b\'\'\'
questions = [{key = "b"}, {key = "c"},
  {label = "d"}]
'''


def said(path, reason="why", text=WAYS):
    (line,) = numbered([Problem(path, reason)], text, source="a.toml")
    return line.removeprefix("a.toml: ").removesuffix(f"{path}: {reason}").removesuffix(": ")


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("call", "line 2"),
        ("call.title", "line 3"),
        ("call.slug", "line 2"),  # it is not there
        ("call.about", "lines 4 to 7"),
        ("call.contact.email", "line 8"),
        ("call.contact.name", "line 8"),
        ("call.odd A.name", "line 9"),
        ("call.telephone.hours", "lines 10 to 12"),
        ("call.post", "line 14"),
        ("call.post.address", "line 15"),
        ("sections.one", "line 17"),
        ("sections.one.title", "line 31"),
        ("sections.one.a", "line 19"),
        ("sections.one.a.key", "line 20"),
        ("sections.one.a.label", "line 19"),
        ("sections.one.a.options", "lines 21 to 24"),
        ("sections.one.a.options.no.label", "lines 21 to 24"),
        ("sections.one.a.options.may", "lines 21 to 24"),
        ("sections.one.questions[2].kind", "line 26"),
        ("sections.one.questions[2].key", "line 25"),
        ("sections.one.twice", "line 27 and line 29"),
        ("sections.one.twice.label", ""),
        ("sections[2].title", "lines 34 to 36"),
        ("sections[2].key", "line 33"),
        ("sections[2].c", "lines 37 to 38"),
        ("sections[2].questions[3].key", "lines 37 to 38"),
        ("sections", ""),
        ("roles", ""),
        ("facets.none.label", ""),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_place_has_its_lines(path, lines, end):
    assert said(path, text=WAYS.replace("\n", end)) == lines


def test_problems_stand_in_the_order_of_their_lines():
    paths = [
        "roles",
        "sections.one.twice",
        "sections",
        "call.about",
        "sections.one.a",
        "call.title",
    ]
    found = numbered([Problem(path, "why") for path in paths], WAYS, source="a.toml")
    assert [re.search(r"(\S+): why$", line)[1] for line in found] == [
        *("call.title", "call.about", "sections.one.a", "sections.one.twice"),
        *("roles", "sections"),  # of no line
    ]


def test_entry_that_is_missing_is_not_the_question_with_its_name():
    assert said("sections.one.title", "is missing") == "line 17"
    with_both = WAYS.replace('key = "one"', 'key = "one"\ntitle = 3')
    assert said("sections.one.title", "must be text in quotes", with_both) == ""


def test_every_question_of_the_first_call_is_found_where_its_key_stands():
    written = FIRST.split("\n")
    sections = tomllib.loads(FIRST)["sections"]
    keys = [(section["key"], one["key"]) for section in sections for one in section["questions"]]
    assert len(keys) == 37
    problems = [Problem(f"sections.{section}.{key}.key", "why") for section, key in keys]
    for (_section, key), line in zip(keys, numbered(problems, FIRST, source="a"), strict=True):
        place = re.match(r"a: line (\d+): ", line)[1]
        assert written[int(place) - 1] == f'key = "{key}"'


def test_text_of_a_thousand_lines_is_counted_over():
    text = '[call]\nabout = """\n' + "x ]\n" * 1_000 + '"""\ntitle = 3\n'
    assert said("call.title", text=text) == "line 1004"


def test_file_that_takes_too_long_to_read_has_no_lines(monkeypatch):
    monkeypatch.setattr(lines, "MOST_READ", 20_000)
    text = '[call]\nabout = """\n' + "x ]\n" * 200 + '"""\ntitle = 3\n'
    assert (said("call", text=text), said("call.title", text=text)) == ("line 1", "")
