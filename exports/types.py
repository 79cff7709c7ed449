"""What the writers of exports work with: a dataset, its records, the bytes that they yield."""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.models import User
from accounts.rights import may
from accounts.states import Action
from exports.all_columns import columns
from exports.consent import Scope, shown_questions
from exports.filters import ExportFilter
from exports.kept_rows import KeptRows
from exports.one_column import Column
from exports.table_columns import in_shape
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS, QuestionKind

# A file's bytes in pieces. Close a generator that you do not read to its end.
Pieces = Generator[bytes, None, None]


def _place(question: Question) -> str:
    if question.identity:
        return "identity"
    return "texts" if question.kind in TEXT_KINDS else "choices"


@dataclass(frozen=True)
class Dataset:
    """The responses of a call that the filter names.

    `consent.Scope` says what `named`, `includes_unnamed` and `confidential` mean. `team`: a file of
    the project team, with passages of files. `reader` is who gets it, and `blind` has the responses
    of which they see no codings of others. A table (`as_table`) has its choices as somebody chose;
    every other format has their keys. `changes` are two numbers of `exports.changes`: only what
    changed after the first, and up to the second, in that order. `kept_rows` is of an export that
    goes over its rows several times.
    """

    call: Call
    export_filter: ExportFilter = field(default_factory=ExportFilter)
    named: bool = False
    includes_unnamed: bool = False
    confidential: bool = False
    team: bool = False
    reader: User | None = None
    blind: tuple[int, ...] = ()
    is_table: bool = False
    changes: tuple[int, int] | None = None
    kept_rows: KeptRows | None = field(default=None, compare=False, repr=False)

    @property
    def scope(self) -> Scope:
        return Scope(
            named=self.named,
            includes_unnamed=self.named and self.includes_unnamed,
            confidential=self.confidential,
        )

    @property
    def has_texts_of_files(self) -> bool:
        """Whether it has passages of files: a team's, for somebody who may open files."""
        return self.team and (self.reader is None or may(self.reader, Action.OPEN_FILES, self.call))

    # Each is asked for once a response.
    @cached_property
    def columns(self) -> list[Column]:
        found = columns(self.call, named=self.named, campaigns=self.export_filter.campaigns)
        return in_shape(found, self.export_filter) if self.is_table else found

    def as_table(self) -> "Dataset":
        return replace(self, is_table=True)

    @cached_property
    def questions(self) -> list[Question]:
        """Those whose answers the export shows."""
        return shown_questions(self.call, named=self.named)

    @cached_property
    def places(self) -> list[tuple[Question, str]]:
        """Those that are answered in words or choices, each with where a record has the answer."""
        return [(q, _place(q)) for q in self.questions if q.kind != QuestionKind.FILE]


@dataclass(frozen=True)
class Query:
    """A SELECT with its named parameters."""

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class File:
    """A file given as evidence; `number` counts from 1 within its response.

    `scan` is the ScanState, None if it has not been scanned; `found` what the scanner said.
    `redacted_text` leaves in the place of a file in whose text words are hidden. One that
    `is_withheld` came in the place of such a file, and nobody has decided about it.
    """

    number: int
    file_type: str
    size: int
    sha256: str
    path: str
    scan: str | None = None
    found: str | None = None
    redacted_text: str | None = None
    is_withheld: bool = False

    @property
    def leaves_as(self) -> str:
        """The type of what an export has of it."""
        return self.file_type if self.redacted_text is None else "txt"


@dataclass(frozen=True)
class CodedPassage:
    """`[start, end)` in codepoints of the answer under `question`, as one person coded it.

    With `file`, the number of a file within its response, of what was read of that file.
    """

    guid: str
    code: str
    question: str
    start: int
    end: int
    by: int
    at: str
    file: int | None = None


@dataclass(frozen=True)
class MemoOfProject:
    """A memo of the team: on a code by its key, on a response, a passage of it, or on the call.

    `file` is the number of a file within its response. `start` and `end` are 0 for no passage.
    """

    pk: int
    title: str
    text: str
    by: int
    at: datetime
    code: int | None = None
    reference: str = ""
    version: int = 0
    question: str = ""
    file: int | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Record:
    """One response: `cells` in the order of the columns, as text and byte-true; None is empty.

    Where `is_withheld`, the reference, the moments and three cells are all that there is:
    `submitted_at`, `timing` and `publication`. `number` is 0 then. Unless it `says_who`, nothing
    in it may say which person answered: not its files' properties either. `file_texts` has what was
    read of the files with coded passages, by their numbers.
    """

    reference: str
    number: int
    submitted_at: datetime
    received_at: datetime
    is_confidential: bool
    is_withheld: bool
    says_who: bool
    may_quote: bool
    cells: tuple[str | None, ...]
    choices: dict[str, Any]
    texts: dict[str, str]
    identity: dict[str, Any]
    files: tuple[File, ...]
    passages: tuple[CodedPassage, ...]
    file_texts: dict[int, str] = field(default_factory=dict)
