"""What one mail says, before its templates make text and HTML of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """`subject` goes before the call's title; `context` is for the kind's two templates.

    `token` opens something, and `answers` are the respondent's: both go out, and neither stays
    in the outbox. `headers` go out beside those that every mail has.
    """

    subject: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    answers: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
