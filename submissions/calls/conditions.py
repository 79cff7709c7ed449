"""The conditions of a call definition: when a question is shown, or must be answered.

    hall = open
    publication != anonymous
    roles contains commissioner
    hall in closed, sold
    publication = anonymous and hall = open

A condition over an answer that is not given yet is neither true nor false but unknown.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_TERM = re.compile(r"\s*([a-z][a-z0-9_]*)\s+(=|!=|contains|in)\s+(.+?)\s*", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_]+", re.ASCII)


@dataclass(frozen=True)
class Term:
    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, answers: Mapping[str, Any]) -> bool | None:
        """Return whether the term is true of `answers`, or None while it has no answer."""
        answer = answers.get(self.key)
        if answer in (None, "", [], {}):
            return None
        given = set(answer) if isinstance(answer, list) else {answer}
        met = not given.isdisjoint(self.values)
        return not met if self.operator == "!=" else met


@dataclass(frozen=True)
class Condition:
    terms: tuple[Term, ...]

    def holds(self, answers: Mapping[str, Any]) -> bool | None:
        """Return False if any term is false, else None if any is unknown, else True."""
        if not self.terms:
            return True
        results = [term.holds(answers) for term in self.terms]
        if False in results:
            return False
        return None if None in results else True

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(term.key for term in self.terms)


@lru_cache(maxsize=1024)
def parse(text: str) -> Condition:
    """Return the condition that `text` writes; ValueError says in a sentence what is wrong."""
    terms = []
    for part in re.split(r"\s+and\s+", text.strip()):
        match = _TERM.fullmatch(part)
        if match is None:
            raise ValueError(f"“{part}” is not of the form: key = value")
        key, operator, rest = match.groups()
        values = tuple(value.strip() for value in rest.split(","))
        if operator != "in" and len(values) > 1:
            raise ValueError(f"“{part}” names several values: use “in”")
        if not all(_VALUE.fullmatch(value) for value in values):
            raise ValueError(f"“{part}” has a value that is not the key of an option")
        terms.append(Term(key, operator, values))
    return Condition(tuple(terms))


def is_ruled_out(
    terms: Collection[Term], answers: Mapping[str, Any], on_page: Collection[str]
) -> bool:
    """Return whether an answer on another page makes the question one that is not asked."""
    return any(term.key not in on_page and term.holds(answers) is False for term in terms)


def holds(text: str, answers: Mapping[str, Any]) -> bool | None:
    """Return whether the written condition is true of `answers`; an empty one always is."""
    return parse(text).holds(answers) if text else True
