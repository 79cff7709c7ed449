"""Which value stands where two people changed the same answer: the rule of every save."""

from collections.abc import Collection, Mapping
from typing import Any

from submissions.calls.models import Question
from submissions.responses.etags import etag

# By the question's key: what the author was shown of its answer, or sent before.
Etags = Mapping[str, Collection[str]]


def merge(
    given: Mapping[Question, Any],
    current: Mapping[str, Any],
    base_etags: Etags | None,
    pending_etags: Etags | None,
) -> tuple[dict[Question, Any], dict[str, Any]]:
    """Return which given values to store, and the `current` value of each conflict by its key."""
    if base_etags is None:
        return dict(given), {}
    new: dict[Question, Any] = {}
    conflicts: dict[str, Any] = {}
    for question, value in given.items():
        key, stored = question.key, current.get(question.key)
        if value == stored:
            continue
        base = base_etags.get(key)
        known = {*(base or ()), *(pending_etags or {}).get(key, ())}
        if base is None or etag(stored) in known:
            new[question] = value
        elif etag(value) not in base:
            conflicts[key] = stored
    return new, conflicts
