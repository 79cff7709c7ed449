"""What ends, in the order in which it does: each class of data with its counts and its deletion."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import QuerySet

from exports import export_runs
from exports.models import ExportRun
from retention import of_record
from retention.confirming import confirmed_classes
from retention.of_responses import CONTACT_DETAILS, EVIDENCE, FILES, OfResponses
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at, period_of
from submissions.responses.ending import drafts, mails

# What exports have copies of.
COPIED = (DataClass.CONTACT_DETAILS, DataClass.FILES, DataClass.EVIDENCE)


class EndSome(Protocol):
    def __call__(self, call: Call, *, at: datetime, limit: int) -> Counter[str]: ...


class CountDue(Protocol):
    def __call__(self, call: Call, *, at: datetime) -> int: ...


@dataclass(frozen=True)
class Ending:
    """A part of a class that ends by one rule.

    A copy can be made again, so it ends by its own age, in an open call too, and waits for no
    confirmation. Everything else ends after the call has closed and somebody has confirmed it.
    `needs_owner`: only the role that owns the tables may delete it. `has_files`: whether ending it
    in a call asks the store of files.
    """

    data_class: DataClass
    what: str
    held: Callable[[Call], int]
    due: CountDue
    end_some: EndSome
    own_rule: str = ""
    is_copy: bool = False
    needs_owner: bool = False
    has_files: Callable[[Call], bool] = lambda _call: False
    batch: int = 200  # rows in one transaction

    def rule(self, call: Call) -> str:
        return self.own_rule or str(period_of(call, self.data_class))

    def ends_at(self, call: Call) -> datetime | None:
        """Return when it ends; None for copies, each of which has an end of its own."""
        return None if self.is_copy else ends_at(call, self.data_class)


def _kept_exports(call: Call) -> int:
    return export_runs.kept(call).count()


def _ended_exports(call: Call, at: datetime) -> QuerySet[ExportRun]:
    """Return exports whose period is over, and copies of what has ended since."""
    confirmed = confirmed_classes(call)
    ends = [ends_at(call, one) for one in COPIED if one in confirmed]
    return export_runs.ended(
        call, at=at, asked_before=max((end for end in ends if end <= at), default=None)
    )


def _due_exports(call: Call, *, at: datetime) -> int:
    return _ended_exports(call, at).count()


def _end_exports(call: Call, *, at: datetime, limit: int) -> Counter[str]:
    return +Counter(exports=export_runs.end_files(_ended_exports(call, at), limit=limit))


def _of_responses(what: str, part: OfResponses) -> Ending:
    return Ending(part.data_class, what, part.held, part.due, part.end_some)


ENDINGS: Sequence[Ending] = (
    Ending(
        DataClass.MAILS,
        "texts of mails",
        mails.texts_held,
        mails.texts_due,
        mails.end_some_texts,
        own_rule=f"{mails.TEXTS_KEPT.days} days after sending",
        is_copy=True,
    ),
    Ending(
        DataClass.DRAFTS,
        "unfinished responses, changes that were not submitted, files that were taken out",
        drafts.held,
        drafts.due,
        drafts.end_some,
        has_files=drafts.have_files,
    ),
    Ending(
        DataClass.MAILS,
        "addresses of mails, for links back, of late passes and of colleagues",
        mails.held,
        mails.due,
        mails.end_some,
    ),
    # The whole before its parts: a response has one request to erase at a time.
    _of_responses("responses, withdrawn ones too: answers, files, who answered", EVIDENCE),
    _of_responses("files of responses", FILES),
    _of_responses("who answered, and the names of files", CONTACT_DETAILS),
    Ending(
        DataClass.RECORD,
        "audit events about the call and its responses",
        of_record.held,
        of_record.due,
        of_record.end_some,
        needs_owner=True,
        batch=5_000,
    ),
    Ending(
        DataClass.EXPORTS,
        "files of exports",
        _kept_exports,
        _due_exports,
        _end_exports,
        is_copy=True,
        has_files=lambda call: export_runs.kept(call).exists(),
    ),
)
