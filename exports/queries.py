"""Reads what an export contains. No writer queries the database; `response_sql` has the SQL.

An export contains submitted responses in their latest version, without drafts and withdrawn ones:
those that an `ExportFilter` names, with what `consent` lets it show.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

from accounts.models import User
from core.text_sheets import EXCEL_UNITS
from exports import consent
from exports.coding_sql import codes_and_coders_sql
from exports.codings_table_sql import codings_query
from exports.response_sql import (
    chosen_sql,
    facts_sql,
    longest_cells_query,
    parameters,
    response_query,
)
from exports.types import CodedPassage, Dataset, File, MemoOfProject, Query, Record
from review.coding.decided import decided_against
from review.coding.tree import BELOW
from review.memos.visible_memos import seen_by
from review.models import Code, CodingSample, Memo, SampledResponse
from submissions.calls.models import Call
from submissions.responses.models import Attachment, Submission
from submissions.responses.states import SubmissionState

FETCHED_AT_ONCE = 200  # rows
AWAKE_EVERY = 60.0  # seconds
# Compiling so wide a query would delay the first byte by a second. No two rows have results in
# common that would be worth remembering.
PLANS_FOR_A_STREAM = "SET LOCAL jit = off; SET LOCAL enable_memoize = off"


def count(dataset: Dataset) -> int:
    """Return how many responses the export holds."""
    return _one_number(dataset, "count(*)")


def references(dataset: Dataset) -> list[str]:
    """Return the references of the responses that the export holds, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT submission.reference {chosen_sql(dataset)} ORDER BY submission.reference",
            parameters(dataset),
        )
        return [reference for (reference,) in cursor.fetchall()]


def erased_references(call: Call) -> list[str]:
    """Return the references of submitted responses that were erased: no export has them."""
    erased = Submission.objects.filter(
        call=call, state=SubmissionState.ERASED, reference__isnull=False
    )
    return [str(one) for one in erased.order_by("reference").values_list("reference", flat=True)]


def count_words(dataset: Dataset) -> int:
    """Return how many words the responses have in all, those of withheld ones left out."""
    shown = f"NOT {consent.withheld_sql(dataset.call, dataset.scope)}"
    return _one_number(dataset, f"coalesce(sum(version.words) FILTER (WHERE {shown}), 0)")


def _one_number(dataset: Dataset, what: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} {chosen_sql(dataset, needs_version=True)}", parameters(dataset)
        )
        return int(cursor.fetchone()[0])


def records(dataset: Dataset) -> Iterator[Record]:
    """Yield the responses in the chosen order, by a server-side cursor in one transaction."""
    names = tuple(facts_sql(dataset))
    shown = consent.shown_choices(dataset.call, named=dataset.named)
    for row in _rows(dataset):
        facts = dict(zip(names, row, strict=False))
        yield _record(facts, cells=row[len(names) :], shown=shown)


def cells_of(dataset: Dataset) -> Iterator[tuple[str | None, ...]]:
    """Yield the cells of each response alone, as `Record` has them: that takes half the time."""
    start = len(facts_sql(dataset))
    return (row[start:] for row in _rows(dataset))


def _rows(dataset: Dataset) -> Iterator[tuple[Any, ...]]:
    query = response_query(dataset)
    kept = dataset.kept_rows
    asked = partial(_batches, query)
    for rows in kept.of(query, asked) if kept else asked():
        yield from rows


def _batches(query: Query) -> Iterator[list[tuple[Any, ...]]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            yield rows


def _record(
    facts: dict[str, Any], *, cells: tuple[str | None, ...], shown: frozenset[str]
) -> Record:
    choices, texts, identity, files, passages, file_texts = (
        _document(facts[name])
        for name in ("choices", "texts", "identity", "files", "passages", "file_texts")
    )
    return Record(
        reference=facts["reference"],
        number=facts["number"],
        submitted_at=facts["submitted_at"],
        received_at=facts["received_at"],
        is_confidential=facts["is_confidential"],
        is_withheld=facts["is_withheld"],
        says_who=facts["says_who"],
        may_quote=facts["may_quote"],
        cells=cells,
        choices={key: value for key, value in choices.items() if key in shown},
        texts=texts,
        identity=identity or {},
        files=tuple(File(number=n, **file) for n, file in enumerate(files or (), start=1)),
        passages=tuple(
            CodedPassage(**passage)
            for passage in passages or ()
            if passage["question"] in texts or passage["file"] is not None
        ),
        file_texts={int(number): text for number, text in (file_texts or {}).items()},
    )


def _document(written: str | None) -> Any:
    return json.loads(written) if written else None


@contextmanager
def one_snapshot() -> Iterator[Callable[[], None]]:
    """Give all queries inside the same snapshot of the database.

    Yields what keeps it: whoever asks nothing else for minutes calls it now and then, as the
    database ends a transaction that is idle for long (`core.time_outs`). While a COPY of another
    thread goes on, it asks nothing: libpq would throw away the rows that are still to come.
    """
    asked = monotonic()

    def stay_awake() -> None:
        nonlocal asked
        if monotonic() <= asked + AWAKE_EVERY:
            return
        if connection.connection.info.transaction_status != TRANSACTION_STATUS_ACTIVE:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            asked = monotonic()

    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                    + PLANS_FOR_A_STREAM
                )
        yield stay_awake


def cells_needed(dataset: Dataset) -> dict[str, int]:
    """Return how many cells of Excel the longest answer of each typed-in column takes.

    Only columns that need more than one are named.
    """
    typed = [column.name for column in dataset.columns if column.is_typed_in]
    if not typed:
        return {}
    query = longest_cells_query(dataset)
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        longest = cursor.fetchone()
    # A cell may end one unit early, so that no pair of surrogates is torn.
    cells = [-(-units // (EXCEL_UNITS - 1)) for units in longest]
    return {name: number for name, number in zip(typed, cells, strict=True) if number > 1}


def call_of(pk: int) -> Call:
    return Call.objects.get(pk=pk)


def codes_of(dataset: Dataset) -> list[Code]:
    """Return the codes that the export lists, in the order of their positions.

    Those that a shown passage has, and those above them, which it is about as well. A code that
    nobody uses is left out like one that stands on withheld passages alone. Otherwise it would
    tell, by going, that one of these has it now. The team's files have the whole codebook.
    """
    codes = list(Code.objects.filter(call=dataset.call).order_by("position", "name", "pk"))
    if dataset.team:
        return codes
    used = _used(dataset)
    by_key = {code.pk: code for code in codes}
    listed: set[int] = set()
    for code in codes:
        above: Code | None = code if code.pk in used else None
        while above is not None and above.pk not in listed:
            listed.add(above.pk)
            above = by_key.get(above.parent_id or 0)
    return [code for code in codes if code.pk in listed]


def used_codes(dataset: Dataset) -> list[Code]:
    """Return the codes that a shown passage has: those by which somebody may choose."""
    used = Code.objects.filter(pk__in=_used(dataset))
    return list(used.order_by("position", "name", "pk"))


def _used(dataset: Dataset) -> set[int]:
    return {code for code, _by, is_seen in _shown_codings(dataset) if is_seen}


def coders_of(dataset: Dataset) -> list[User]:
    """Return who coded passages that the export shows, in the order in which they were added."""
    coders = {by for _code, by, is_seen in _shown_codings(dataset) if is_seen}
    return list(User.objects.filter(pk__in=coders).order_by("pk"))


def coded_rows(dataset: Dataset) -> Query:
    """Return the SELECT of the table of codings, with the names of codes and coders in it."""
    codes = [(code.pk, path) for code, path in paths_of(codes_of(dataset))]
    coders = [(coder.pk, name_of(coder)) for coder in coders_of(dataset)]
    return codings_query(dataset, codes=codes, coders=coders, against=decided_against(dataset.call))


def paths_of(codes: Sequence[Code]) -> list[tuple[Code, str]]:
    """Return each code with its name below those that it stands under, such as “Pay > Wages”."""
    by_key = {code.pk: code for code in codes}

    def path(code: Code) -> str:
        above = by_key.get(code.parent_id or 0)
        return f"{path(above)}{BELOW}{code.name}" if above else code.name

    return [(code, path(code)) for code in codes]


def name_of(coder: User) -> str:
    return coder.get_full_name() or str(coder)


def _shown_codings(dataset: Dataset) -> list[tuple[int, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(codes_and_coders_sql(dataset), parameters(dataset))
        return cursor.fetchall()


def samples_of(dataset: Dataset) -> list[tuple[CodingSample, frozenset[str]]]:
    """Return the call's samples to code, the first drawn first, with the references drawn."""
    drawn: dict[int, list[str]] = {}
    responses = SampledResponse.objects.filter(sample__call=dataset.call)
    for sample, reference in responses.values_list("sample", "submission__reference"):
        drawn.setdefault(sample, []).append(str(reference))
    samples = CodingSample.objects.filter(call=dataset.call).order_by("drawn_at", "pk")
    return [(sample, frozenset(drawn.get(sample.pk, ()))) for sample in samples]


def memos_of(dataset: Dataset) -> list[MemoOfProject]:
    """Return the memos that a file of the team has, the first written first; else none.

    Those on responses are of responses that count, as the reader sees them.
    """
    if not dataset.team:
        return []
    counting = Q(submission=None) | Q(submission__state=SubmissionState.SUBMITTED)
    memos = Memo.objects.filter(counting, call=dataset.call)
    if dataset.reader is not None:
        memos = seen_by(memos, dataset.reader)
    rows = list(memos.select_related("submission", "version", "question").order_by("at", "pk"))
    numbers = _numbers_of_files(memo.version_id for memo in rows if memo.file_text_id is not None)
    return [
        MemoOfProject(
            pk=memo.pk,
            title=memo.title,
            text=memo.text,
            by=memo.by_id,
            at=memo.at,
            code=memo.code_id,
            reference=str(memo.submission.reference) if memo.submission else "",
            version=memo.version.number if memo.version else 0,
            question=memo.question.key if memo.question else "",
            file=numbers.get((memo.version_id, memo.file_text_id)),
            start=memo.start or 0,
            end=memo.end or 0,
        )
        for memo in rows
    ]


def users_of(dataset: Dataset, memos: Iterable[MemoOfProject]) -> list[User]:
    """Return who coded what the export shows, and who wrote the memos."""
    people = {coder.pk for coder in coders_of(dataset)} | {memo.by for memo in memos}
    return list(User.objects.filter(pk__in=people).order_by("pk"))


def _numbers_of_files(
    versions: Iterable[int | None],
) -> dict[tuple[int | None, int | None], int]:
    """Return the number of each file within its response, by the keys of version and file."""
    files = Attachment.versions.through.objects.filter(version__in=set(versions))
    rows = files.order_by("version", "attachment__uploaded_at", "attachment")
    found: dict[tuple[int | None, int | None], int] = {}
    of_version: Counter[int] = Counter()
    for version, attachment in rows.values_list("version", "attachment"):
        of_version[version] += 1
        found[version, attachment] = of_version[version]
    return found


def content_of(file: File) -> Iterator[bytes]:
    """Yield a file's bytes in pieces; raises OSError if the storage has lost it."""
    with Attachment.file.field.storage.open(file.path) as stored:
        yield from stored.chunks()
