"""Reading one table of a call definition, with every problem collected and none raised."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from core.canonical import canonical_text
from submissions.definitions.errors import Problem

KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
OPTION_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*", re.ASCII)
KEY_SHAPE = "must have small letters and digits, joined by single underscores"
BEGINS_WITH_A_LETTER = ", and begin with a letter"
LONGEST_KEY = 50
LONGEST_PROSE = 20_000  # characters

# What begins each table of a list, where that is more than the list's name.
_HEADINGS = {
    "questions": "sections.questions",
    "options": "sections.questions.options",
    "rows": "sections.questions.rows",
    "bands": "derived.bands",
    "set_aside_reasons": "call.set_aside_reasons",
}
_KINDS_OF_VALUE = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list in [ ]",
    dict: "a table, in { } or under a heading of its own",
}


class Problems:
    """The problems found so far, each also as a line of file, key path and reason."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Problem] = []
        self.lines: list[str] = []

    def add(self, path: str, reason: str) -> None:
        self.found.append(Problem(path, reason))
        self.lines.append(f"{self.source}: {path}: {reason}")


class TableReader:
    """A TOML table under its path. Each reader returns an empty value where it found a problem."""

    def __init__(self, raw: Any, path: str, known: Collection[str], problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self.is_table = isinstance(raw, dict)
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        if not self.is_table:
            example = ', such as { key = "yes", label = "Yes" }' if "label" in known else ""
            problems.add(path, f"must be a table, not a single value{example}")
        for name in self.raw:
            if name not in known:
                self.add_problem(name, f"is not known here{did_you_mean(name, known)}")

    def add_problem(self, name: str, reason: str) -> None:
        self.problems.add(
            f"{self.path}.{printable(name)}" if self.path else printable(name), reason
        )

    def value(self, name: str, kind: type, *, required: bool = False) -> Any:
        """Return the value if it is of `kind`, else None."""
        if name not in self.raw:
            if required and self.is_table:
                self.add_problem(name, "is missing")
            return None
        value = self.raw[name]
        # bool is an int to Python; not to an author.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.add_problem(name, f"must be {_KINDS_OF_VALUE[kind]}")
            return None
        return value

    def text(
        self, name: str, *, required: bool = False, longest: int = LONGEST_PROSE, lines: bool = True
    ) -> str:
        """Return the text in canonical form, without white space at its ends."""
        value = self.value(name, str, required=required)
        if value is None:
            return ""
        text = canonical_text(value).strip()
        reason = text_problem(text, longest=longest, lines=lines)
        if not text and required:
            reason = "is empty"
        if reason:
            self.add_problem(name, reason)
            return ""
        return text

    def line(self, name: str, *, required: bool = False, longest: int = 200) -> str:
        return self.text(name, required=required, longest=longest, lines=False)

    def matching(
        self,
        name: str,
        accepts: Callable[[str], object],
        reason: str,
        *,
        required: bool = False,
        longest: int = 200,
    ) -> str:
        """Return a line that `accepts` finds true, else "" after adding `reason` as a problem."""
        text = self.line(name, required=required, longest=longest)
        if text and not accepts(text):
            self.add_problem(name, f"“{text}” {reason}")
            return ""
        return text

    def key(self, pattern: re.Pattern[str] = KEY, *, name: str = "key") -> str:
        written = self.raw.get(name)
        is_near = isinstance(written, str) and OPTION_KEY.fullmatch(written)
        shape = KEY_SHAPE + BEGINS_WITH_A_LETTER if is_near else KEY_SHAPE
        return self.matching(name, pattern.fullmatch, shape, required=True, longest=LONGEST_KEY)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value(name, bool)
        return default if value is None else value

    def number(self, name: str, *, least: int, most: int, default: int | None) -> int | None:
        value = self.value(name, int)
        if value is None:
            return default
        if not least <= value <= most:
            self.add_problem(name, f"must be from {least:,} to {most:,}")
            return default
        return value

    def texts(self, name: str, *, longest: int = 200) -> tuple[str, ...]:
        """Return a list of lines, each given once."""
        found: list[str] = []
        for place, item in enumerate(self.value(name, list) or (), start=1):
            text = canonical_text(item).strip() if isinstance(item, str) else ""
            reason = text_problem(text, longest=longest, lines=False)
            if not text:
                reason = "must be text in quotes"
            elif text in found:
                reason = "is there twice"
            if reason:
                self.add_problem(f"{name}[{place}]", reason)
            else:
                found.append(text)
        return tuple(found)

    def tables(
        self, name: str, *, most: int, required: bool = False, by: str = "key"
    ) -> list[tuple[str, Any]]:
        """Return the list's items, each with a path that names it by its `by` if it has one."""
        start = f"{self.path}.{name}" if self.path else name
        if isinstance(self.raw.get(name), dict):
            heading = _HEADINGS.get(name, name)
            self.add_problem(name, f"is one table: begin each with [[{heading}]], in two brackets")
            return []
        items = self.value(name, list, required=required) or []
        if required and self.raw.get(name) == []:
            self.add_problem(name, "is empty")
        if len(items) > most:
            self.add_problem(name, f"has {len(items)} entries; {most} at most")
        return [
            (f"{start}.{key}" if (key := key_of(item, by)) else f"{start}[{place}]", item)
            for place, item in enumerate(items[:most], start=1)
        ]

    def moment(self, name: str) -> datetime | None:
        value = self.raw.get(name)
        if name not in self.raw:
            self.add_problem(name, "is missing")
        elif not isinstance(value, datetime):
            self.add_problem(
                name, "must be a date and a time, such as 2019-07-24T12:00:00, no quotes"
            )
        elif not 2000 <= value.year <= 2999:
            self.add_problem(name, "must be in the years 2000 to 2999")
        else:
            return value
        return None


def key_of(item: Any, name: str) -> str:
    """Return the key that the item has under `name` if it can be written in a path."""
    key = item.get(name) if isinstance(item, dict) else None
    return key if isinstance(key, str) and OPTION_KEY.fullmatch(key) else ""


def text_problem(text: str, *, longest: int, lines: bool) -> str:
    """Return what is wrong with the text, or ""."""
    if any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text):
        return "has a character that cannot be shown"
    if not lines and "\n" in text:
        return "must be on one line"
    if len(text) > longest:
        return f"has {len(text):,} characters; {longest:,} at most"
    return ""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return ": did you mean “label”?" if one of `known` is close, else ""."""
    close = difflib.get_close_matches(name[:LONGEST_KEY], sorted(known), n=1)
    return f": did you mean “{close[0]}”?" if close else ""


def printable(name: str) -> str:
    """Return the name as it can stand in a line for a terminal."""
    return name[:100] if name.isprintable() and name else ascii(name[:100])
