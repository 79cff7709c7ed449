"""Telling one stored answer, or one state of a whole draft, from another."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from submissions.responses.models import Attachment


def etag(value: Any) -> str:
    """Return 12 hex digits that tell one stored value from another, "-" for no answer.

    Pages carry it beside each answer that they show, to tell later whether that was changed.
    """
    if value is None:
        return "-"
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def draft_etag(answers: Mapping[str, Any], files: Mapping[str, Sequence[Attachment]]) -> str:
    """Return what tells one state of a working copy, its files by key included, from another."""
    present = itertools.chain.from_iterable(files.values())
    return etag([answers, sorted(str(file.public_id) for file in present)])
