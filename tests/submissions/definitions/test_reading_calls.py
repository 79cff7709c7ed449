"""Definitions that are read as they are meant, and files that are none."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from django.urls import get_resolver

from core.canonical import digest
from submissions.calls.states import RESERVED_SECTION_KEYS
from submissions.definitions.loading import LARGEST_DEFINITION, parse
from submissions.definitions.rules import RESERVED_SLUGS
from submissions.urls import response_urls
from tests.makers import DEFINITIONS, SMALL
from tests.submissions.definitions.small_text import ABOUT, refusal, small_with

FIELDS_OF_1_0_0 = {
    *("slug", "title", "summary", "partners", "about", "what_happens_next"),
    *("contact_name", "contact_email", "contact_phone", "help_text", "privacy_text"),
    *("accessibility_text", "cookies_text", "withdrawal_text", "opens_at", "closes_at"),
    *("timezone", "language", "grace_minutes", "reference_prefix", "accent_colour", "logo"),
    *("needs_evidence", "facets", "derived", "roles", "sections"),
}


def test_small_definition_is_read():
    call = parse(SMALL.read_text(encoding="utf-8"), source="small.toml")
    assert (call.slug, call.timezone, call.grace_minutes) == ("small", "Europe/London", 0)
    assert call.opens_at == datetime(2019, 5, 29, 8, tzinfo=UTC)
    assert call.closes_at == datetime(2019, 7, 24, 11, tzinfo=UTC)
    assert call.contact_phone == "0800 000 000"
    assert {key: str(q.kind) for key, q in call.questions.items()} == {
        "roles": "roles",
        "role_other": "short",
        "email": "email",
        "number": "short",
        "size": "radio",
        "history": "checkboxes",
        "fairness": "matrix",
        "story": "long",
        "documents": "file",
        "publication": "radio",
        "declaration": "checkbox",
    }


def test_limits_that_are_not_given_have_their_defaults():
    questions = parse(SMALL.read_text(encoding="utf-8"), source="small.toml").questions
    assert questions["role_other"].max_chars == 200
    assert questions["email"].max_chars == 254
    assert questions["email"].identity is True
    assert questions["story"].max_words == 1000
    files = questions["documents"]
    assert (files.max_files, files.max_mb, files.file_types) == (3, 10, ("pdf",))


def test_all_problems_are_found_at_once():
    text = small_with('title = "A small call"', "title = 3").replace(
        "roles contains other", "roles contains otter"
    )
    assert refusal(text) == [
        "small.toml: call.title: must be text in quotes",
        f"small.toml: {ABOUT}.role_other.required_if: “otter” is not an option of “roles”: "
        "did you mean “other”?",
    ]


def test_option_that_is_not_there_leaves_another_without_a_band():
    assert refusal(small_with('options = ["large"]', 'options = ["larch"]')) == [
        "small.toml: derived.half.bands.upper.options: “larch” is not an option of “size”: did "
        "you mean “large”?",
        "small.toml: derived.half.bands: “large” is in none of them: add it to one",
    ]


def test_two_bands_derived_under_one_key_are_refused():
    text = SMALL.read_text(encoding="utf-8")
    derived = text[text.index("[[derived]]") : text.index("[[sections]]")]
    assert refusal(text.replace(derived, derived + derived)) == [
        "small.toml: derived.half: there are two with this key",
        "small.toml: derived: two of them are labelled “in halves”",
    ]


def test_more_facets_than_can_be_counted_at_once_are_refused():
    facets = '[[facets]]\nquestion = "size"\nlabel = "a"\n' * 20
    problems = refusal(small_with("[[facets]]", f"{facets}[[facets]]"))
    assert problems[0] == "small.toml: facets: has 22 entries; 20 at most"
    derived = '[[derived]]\nkey = "a"\nquestion = "size"\nlabel = "a"\n' * 10
    problems = refusal(small_with("[[derived]]", f"{derived}[[derived]]"))
    assert "small.toml: derived: has 11 entries; 10 at most" in problems


def test_requirement_may_depend_on_a_later_section():
    text = small_with('required_if = "roles contains other"', 'required_if = "publication = named"')
    assert parse(text, source="small.toml").questions["role_other"].required_if == (
        "publication = named"
    )


def test_time_that_comes_twice_is_clear_with_its_offset():
    text = small_with("closes = 2019-07-24T12:00:00", "closes = 2019-10-27T01:30:00+01:00")
    assert parse(text, source="x").closes_at == datetime(2019, 10, 27, 0, 30, tzinfo=UTC)


def test_text_that_is_not_toml_is_one_line():
    assert refusal("[call\nslug") == [
        "small.toml: file: is not TOML: Expected ']' at the end of a table declaration "
        "(at line 1, column 6)"
    ]


@pytest.mark.parametrize(
    ("new", "remedy"),
    [
        ('slug = "a"\nslug = "b"', "this name was there before in the same table"),
        ('slug = "small', 'close the text with a " on its line'),
        ("slug = small", 'write texts between two straight "'),
        ("slug = “small”", 'write texts between two straight "'),
        ('slug = "a "small" one"', "write one entry on a line"),
        ("slug", "write each line as: name = value"),
        ("opens = 2019-06-31T12:00:00", "there is no such date or time"),
        ("opens = 2019-06-32T12:00:00", "a time as 2019-07-24T12:00:00"),
        ('contact = { name = "The team"', "and } after the last one"),
        ('contact = { name = "The team", }', "without a comma at its end"),
        ('partners = ["A" "B"]', "and ] after the last one"),
        ("[call.retention]\n[call.retention]", "has two brackets, such as [[sections]]"),
        (r'logo = "C:\Users\logo.png"', r"write \\ for each \ in a text"),
        (r'logo = "logos\logo.png"', r"write \\ for each \ in a text"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line_and_the_way_out(new, remedy):
    said = refusal(small_with('slug = "small"', new))
    assert len(said) == 1
    assert re.match(r"small\.toml: file: is not TOML: .+ \(at line \d+, column \d+\): ", said[0])
    assert remedy in said[0]


@pytest.mark.parametrize(
    ("text", "place", "heading"),
    [
        ("[sections]", "sections", "sections"),
        (
            "[[sections]]\nkey = 'a'\n[sections.questions]",
            "sections.a.questions",
            "sections.questions",
        ),
        ("[call.set_aside_reasons]", "call.set_aside_reasons", "call.set_aside_reasons"),
    ],
)
def test_list_under_a_heading_with_one_bracket_is_said_so(text, place, heading):
    said = [line for line in refusal(text) if line.startswith(f"small.toml: {place}: ")]
    assert said == [
        f"small.toml: {place}: is one table: begin each with [[{heading}]], in two brackets"
    ]


def test_nesting_without_end_is_refused():
    assert refusal("a = " + "[" * 100_000) == [
        "small.toml: file: lists or tables are nested too deep"
    ]


@pytest.mark.parametrize("part", ["a", "a-b_1", '"a b"', '"\\""', "'\\'", "a "])
def test_key_of_more_parts_than_any_has_is_refused(part):
    """Before it is read: that takes hours for one that fills a file."""
    deep = ["small.toml: file: has a key of more than 20 parts in line 2"]
    for key in (".".join([part] * 21), f"[ {' . '.join([part] * 500)} ]", f"a = {{{'b.' * 20}c"):
        assert refusal(f"# 1\n{key} = 1") == deep
    assert refusal(".".join([part] * 20) + " = 1") != deep
    assert refusal(f'a = "{"This is so. So it is. " * 20}{"1. " * 19}..."') != deep


def test_number_without_end_is_refused():
    assert len(refusal("a = " + "9" * 10_000)) == 1


def test_huge_definition_is_refused():
    assert refusal("#" * (LARGEST_DEFINITION + 1)) == [
        "small.toml: file: has 1,000,001 characters; a call definition has 1,000,000 at most"
    ]


def test_empty_definition_says_what_is_missing():
    problems = refusal("")
    assert problems[0] == "small.toml: call: is missing"
    assert problems[-1] == "small.toml: sections: is missing"


def test_digest_ignores_comments_layout_and_file_name():
    text = SMALL.read_text(encoding="utf-8")
    same = parse(f"# A remark\n\n{text}", source="other.toml")
    assert same.digest() == parse(text, source="small.toml").digest()
    other = parse(small_with('label = "Bid"', 'label = "Did bid"'), source="small.toml")
    assert other.digest() != same.digest()


def test_file_of_1_0_0_says_what_it_said():
    """1.0.0 kept the digest of each file that it loaded: loaded again it changes nothing."""
    definition = parse(SMALL.read_text(encoding="utf-8"), source="small.toml")
    read_by_1_0_0 = {
        name: value for name, value in asdict(definition).items() if name in FIELDS_OF_1_0_0
    }
    said = json.dumps(
        read_by_1_0_0 | {"source": ""}, sort_keys=True, ensure_ascii=False, default=str
    )
    assert definition.digest() == digest(said)


@pytest.mark.parametrize("entry", ["hides_small_counts", "shares_confidential_files"])
def test_what_1_0_0_did_not_read_counts_once_a_file_says_it(entry):
    text = SMALL.read_text(encoding="utf-8")
    before = parse(text, source="small.toml").digest()
    heading = "[call]\n"
    assert text.count(heading) == 1
    no = text.replace(heading, f"{heading}{entry} = false\n")
    yes = text.replace(heading, f"{heading}{entry} = true\n")
    assert parse(no, source="small.toml").digest() == before
    assert parse(yes, source="small.toml").digest() != before


def test_keys_that_addresses_use_are_reserved():
    routes = [str(pattern.pattern) for pattern in get_resolver("submissions.urls").url_patterns]
    below = {str(pattern.pattern).split("/")[0] for pattern in response_urls}
    assert {"delete", "check"} <= below
    assert {
        part for part in below - set(RESERVED_SECTION_KEYS) if part and "<" not in part
    } == set()
    steering = {r.split("/")[1] for r in routes if r.startswith("steering/")}
    assert {part for part in steering - set(RESERVED_SLUGS) if part and "<" not in part} == set()


def test_every_definition_that_comes_with_the_portal_is_accepted():
    files = sorted(DEFINITIONS.glob("*.toml"))
    assert [file.name for file in files] == ["rebalancing-the-relationship.toml"]
    for file in files:
        assert parse(file.read_text(encoding="utf-8"), source=file.name).slug == file.stem
