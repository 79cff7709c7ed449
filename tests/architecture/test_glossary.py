"""docs/glossary.md names what is there, and the names that it replaced do not come back."""

import re
import tokenize
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).parents[2]
APPS = ("core", "accounts", "submissions", "review", "exports", "rehearsal", "evidence_portal")
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| `([\w.]+)` \|$", re.MULTILINE)
TABLE_LINE = re.compile(r"^\| (?!term |---)", re.MULTILINE)
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
# Former names: no Django engineer knew what they meant.
REPLACED = {
    "Admission",
    "Asked",
    "CannotBeMade",
    "Choice",
    "DiscreetFormatter",
    "Fault",
    "Held",
    "Kept",
    "Letter",
    "Making",
    "contested",
    "draw_up_version",
    "fate",
    "give_back",
    "held_by",
    "hold_up",
    "invented",
    "lanes",
    "not_kept",
    "open_again",
    "passing_marks",
    "put_back",
    "real_now",
    "settle",
    "small_counts",
    "squeeze",
    "storable",
    "tally",
    "unwritten",
    "way_back",
    "whole_mark",
    "wire",
}
# The same of a part of a name: `owe_link` is gone too.
REPLACED_PART = re.compile(r"(^|_)(owe|owed|lanes?|tally|contested)(_|$)")


def identifiers(path):
    with path.open("rb") as source:
        return {
            token.string
            for token in tokenize.tokenize(source.readline)
            if token.type == tokenize.NAME
        }


def source_files():
    return [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]


def test_every_line_of_the_tables_is_a_row_with_one_name():
    assert len(ROW.findall(GLOSSARY)) == len(TABLE_LINE.findall(GLOSSARY))


def test_no_term_is_explained_twice():
    terms = [term for term, _ in ROW.findall(GLOSSARY)]
    assert [term for term in terms if terms.count(term) > 1] == []


@pytest.mark.parametrize("name", [name for _, name in ROW.findall(GLOSSARY)])
def test_name_of_glossary_exists(name):
    assert resolve_name(name) is not None


def is_replaced(name):
    return name in REPLACED or REPLACED_PART.search(name)


def test_no_file_uses_a_replaced_name():
    uses = {
        str(path.relative_to(ROOT)): sorted(filter(is_replaced, identifiers(path)))
        for path in source_files()
    }
    assert {path: names for path, names in uses.items() if names} == {}
