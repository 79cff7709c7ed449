"""The conditions of a call definition: when a question is shown, or must be answered.

    hall = open
    publication != anonymous
    roles contains commissioner
    hall in closed, sold
    roles in commissioner, provider
    publication = anonymous and hall = open

A condition over an answer that is not given yet is neither true nor false but unknown. An answer to
a question that is not asked counts for nothing: a condition over it is false, whatever it says.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

_TERM = re.compile(r"\s*([a-z][a-z0-9_]*)\s+(=|!=|contains|in)\s+(.+?)\s*", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_]+", re.ASCII)

# Whether each question is asked, by its key; None while an answer is missing that decides it.
AskedByKey = Mapping[str, bool | None]
_ALL: AskedByKey = MappingProxyType({})  # keys that are not there count as asked


@dataclass(frozen=True)
class Term:
    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, answers: Mapping[str, Any], asked: AskedByKey = _ALL) -> bool | None:
        """Return whether the term is true of an answer that counts; None while that is open."""
        counts = asked.get(self.key, True)
        if counts is False:
            return False
        met = self._is_met_by(answers.get(self.key))
        return met if counts or met is False else None

    def _is_met_by(self, answer: Any) -> bool | None:
        if answer in (None, "", [], {}):
            return None
        given = set(answer) if isinstance(answer, list) else {answer}
        met = not given.isdisjoint(self.values)
        return not met if self.operator == "!=" else met


@dataclass(frozen=True)
class Condition:
    terms: tuple[Term, ...]

    def holds(self, answers: Mapping[str, Any], asked: AskedByKey = _ALL) -> bool | None:
        """Return False if any term is false, else None if any is unknown, else True."""
        held: bool | None = True
        for term in self.terms:
            holds = term.holds(answers, asked)
            if holds is False:
                return False
            held = held and holds
        return held

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(term.key for term in self.terms)


def _spaces_needed(part: str) -> str:
    return ", with spaces around the sign" if re.search(r"\w!?=|=\w", part) else ""


@lru_cache(maxsize=1024)
def parse(text: str) -> Condition:
    """Return the condition that `text` writes; ValueError says in a sentence what is wrong."""
    terms = []
    for part in re.split(r"\s+and\s+", text.strip()):
        match = _TERM.fullmatch(part)
        if re.search(r"\sor\s", part):
            raise ValueError(f"“{part}”: there is no “or”; for several options use “in”")
        if match is None:
            raise ValueError(f"“{part}” is not of the form: key = value{_spaces_needed(part)}")
        key, operator, rest = match.groups()
        values = tuple(value.strip() for value in rest.split(","))
        if operator != "in" and len(values) > 1:
            raise ValueError(f"“{part}” names several values: use “in”")
        if not all(_VALUE.fullmatch(value) for value in values):
            raise ValueError(f"“{part}” has a value that is not the key of an option")
        terms.append(Term(key, operator, values))
    return Condition(tuple(terms))


def decide(
    conditions: Iterable[tuple[str, Condition]], answers: Mapping[str, Any]
) -> dict[str, bool | None]:
    """Return whether each question is asked, by its key; None while that is open.

    `conditions` has the questions that are asked conditionally, each after those that it depends
    on. So one pass is enough: where `a` rules `b` out, `b` rules `c` out, whatever was answered.
    """
    asked: dict[str, bool | None] = {}
    for key, condition in conditions:
        asked[key] = condition.holds(answers, asked)
    return asked


def holds(text: str, answers: Mapping[str, Any], asked: AskedByKey = _ALL) -> bool | None:
    """Return whether the written condition is true of `answers`; an empty one always is."""
    return parse(text).holds(answers, asked) if text else True
