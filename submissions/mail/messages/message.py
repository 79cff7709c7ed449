"""What one mail says, before its templates make text and HTML of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Submission, Version


@dataclass(frozen=True)
class NamedLine:
    """A line of a mail's text with a name: a short name alone is part of other words, too."""

    label: str
    name: str


@dataclass(frozen=True)
class Message:
    """`subject` goes before the call's title; `context` is for the kind's two templates.

    `tokens` open or confirm something, `opt_out` refuses reminders, `answers` are the respondent's,
    and so are the `names` of organisations, each with its line: all go out, and none stays in the
    outbox, so that whoever reads that cannot act for the author.
    `headers` go out beside those that every mail has.
    """

    subject: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict)
    tokens: Sequence[str] = ()
    opt_out: str = ""
    answers: str = ""
    names: Sequence[NamedLine] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def submission_of(mail: OutboxEmail) -> Submission:
    """Return the response that the mail is about; raises ValueError for a mail about none."""
    if mail.submission is None:
        raise ValueError(f"a {mail.kind} is about a response")
    return mail.submission


def version_of(mail: OutboxEmail) -> Version:
    """Return the version that the mail is the receipt of; raises ValueError if there is none."""
    if mail.version is None:
        raise ValueError(f"a {mail.kind} is about a version")
    return mail.version
