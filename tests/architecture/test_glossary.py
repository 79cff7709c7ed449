"""docs/glossary.md names what is there, and the names that it replaced do not come back."""

import ast
import re
import tokenize
from pathlib import Path
from pkgutil import resolve_name

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "accounts",
    "backups",
    "bench",
    "core",
    "devserver",
    "evidence_portal",
    "exports",
    "personal_data",
    "rehearsal",
    "retention",
    "review",
    "submissions",
    "tests",
)
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
    "SeenAdmin",
    "SeenForm",
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
    "seen_of",
    "settle",
    "small_counts",
    "squeeze",
    "storable",
    "take_back",
    "tally",
    "unwritten",
    "way_back",
    "whole_mark",
    "wire",
}
# The same of a part of a name: `owe_link` is gone too.
REPLACED_PART = re.compile(
    r"(^|_)(contested|invented|lanes?|owed?|settled?|storable|take_back|tally)(_|$)", re.IGNORECASE
)
# In docstrings and comments only those that are no plain English of another meaning.
REPLACED_IN_PROSE = re.compile(
    r"\b(contested|fates?|invent(s|ed)?|lanes?|ow(e[ds]?|ing)|settle[ds]?|squeeze[ds]?|storable|"
    r"tally|tallies|takes? back|unwritten|wire)\b",
    re.IGNORECASE,
)
# Whatever the above may find; a file without any of it need not be taken apart.
MAY_BE_REPLACED = re.compile(
    rf"\b({'|'.join(sorted(REPLACED))})\b|(?i:(?<![a-z])(contested|fates?|invent(s|ed)?|lanes?|"
    r"ow(e[ds]?|ing)|settle[ds]?|squeeze[ds]?|storable|tally|tallies|takes?[_ ]back|unwritten|wire)"
    r"(?![a-z]))"
)


def identifiers(tokens):
    return {token.string for token in tokens if token.type == tokenize.NAME}


def prose(path, tokens):
    """Each docstring and each comment of the file."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, documented):
            yield ast.get_docstring(node) or ""
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def source_files():
    """All but this file, which names what it looks for."""
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != Path(__file__)
    ]


def test_every_line_of_the_tables_is_a_row_with_one_name():
    assert len(ROW.findall(GLOSSARY)) == len(TABLE_LINE.findall(GLOSSARY))


def test_no_term_is_explained_twice():
    terms = [term for term, _ in ROW.findall(GLOSSARY)]
    assert [term for term in terms if terms.count(term) > 1] == []


def test_names_of_glossary_exist():
    missing = []
    for _, name in ROW.findall(GLOSSARY):
        try:
            resolve_name(name)
        except (AttributeError, ImportError):
            missing.append(name)
    assert missing == []


def replaced_words(path):
    if not MAY_BE_REPLACED.search(path.read_text()):
        return []
    with path.open("rb") as source:
        tokens = list(tokenize.tokenize(source.readline))
    names = {name for name in identifiers(tokens) if name in REPLACED or REPLACED_PART.search(name)}
    found = (REPLACED_IN_PROSE.finditer(text) for text in prose(path, tokens))
    return sorted(names | {match[0] for matches in found for match in matches})


def test_no_file_uses_a_replaced_word():
    uses = {str(path.relative_to(ROOT)): replaced_words(path) for path in source_files()}
    assert {path: words for path, words in uses.items() if words} == {}
