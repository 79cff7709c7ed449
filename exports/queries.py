"""What an export holds. The only file here that asks the database.

Every export takes its rows from this file: submitted responses in their latest version, without
drafts and withdrawn ones, as `consent` lets them be seen and as somebody's `Choice` has it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import connection, transaction

from accounts.models import User
from exports import consent
from exports.columns import Column, document_of, is_among_texts, literal_sql, name_sql, sql_type
from exports.filters import role_question_key
from exports.safe_cells import SQL_PARAMETERS, neutralised_sql
from exports.types import CodedPassage, Dataset, File, Record, RowsQuery
from review.models import Code, Coding
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Attachment
from submissions.responses.searching import found_sql
from submissions.responses.states import SubmissionState

FETCHED_AT_ONCE = 200  # rows
FEW = 6  # values of one JSON object
# Compiling so wide a query takes a second, and the first byte would wait for it. No two rows
# have anything in common that it would pay to remember.
PLANS_FOR_A_STREAM = "SET LOCAL jit = off; SET LOCAL enable_memoize = off"
EXCEL_UNITS = 32_767  # UTF-16 code units that a cell of Excel holds
ORDERS_SQL = {
    "oldest": "{0}.submitted_at, {0}.id",
    "newest": "{0}.submitted_at DESC, {0}.id DESC",
    "reference": "{0}.reference",
}


def count(dataset: Dataset) -> int:
    """Return how many responses the export holds."""
    return _one_number(dataset, "count(*)")


def count_words(dataset: Dataset) -> int:
    """Return how many words the responses have in all."""
    return _one_number(dataset, "coalesce(sum(v.words), 0)")


def _one_number(dataset: Dataset, what: str) -> int:
    sql = (  # keys are quoted by name_sql and literal_sql; values are parameters
        f"SELECT {what} {_chosen(dataset, needs_version=True)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(dataset))
        return int(cursor.fetchone()[0])


def rows_query(dataset: Dataset, table: list[Column]) -> RowsQuery:
    """Return the SELECT of one row a response, in cells that no spreadsheet runs."""
    cells = ", ".join(
        f"{neutralised_sql(cell) if column.is_typed_in else cell} AS {name_sql(column.name)}"
        for cell, column in _as_cells(table)
    )
    sql = f"SELECT {cells} {_given(dataset, table)} ORDER BY {_order(dataset, 'c')}"
    return RowsQuery(sql, _parameters(dataset))


def records(dataset: Dataset) -> Iterator[Record]:
    """Yield the responses in the chosen order, by a server-side cursor in one transaction."""
    table = dataset.columns
    cells = ", ".join(f"({column.sql})::text" for column in table)
    identity = consent.identity_sql(dataset.call) if dataset.named else "NULL::jsonb"
    sql = (
        "SELECT s.reference, v.number, v.received_at, "
        f"{consent.confidential_sql(dataset.call)}, {consent.quotable_sql(dataset.call)}, "
        f"v.choices, v.texts, {identity}, "
        f"{_files_sql(dataset)}, {PASSAGES_SQL}, {cells} {_joined(dataset)}"
    )
    shown = consent.shown_choices(dataset.call, named=dataset.named)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, _parameters(dataset))
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for row in rows:
                yield _record(row, shown)


@contextmanager
def one_moment() -> Iterator[None]:
    """Hold the database still for several readings: all of them see the same responses."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
                    + PLANS_FOR_A_STREAM
                )
        yield


def cells_needed(dataset: Dataset, table: list[Column]) -> dict[str, int]:
    """Return how many cells of Excel the longest answer of each typed-in column takes.

    Only columns that need more than one are named. Answers of half a cell and less, which is
    nearly all, are not looked into: a character takes two units at most.
    """
    typed = [column for column in table if column.is_typed_in]
    if not typed:
        return {}
    units = ", ".join(
        f"max(CASE WHEN length({cell}) > {EXCEL_UNITS // 2} THEN length({cell}) "
        f"+ length(regexp_replace({cell}, %(one_unit)s, '', 'g')) ELSE 0 END)"
        for cell, _column in _as_cells(typed)
    )
    sql = f"SELECT {units} {_given(dataset, typed, is_sorted=False)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(dataset) | {"one_unit": "[\u0001-\uffff]"})
        longest = cursor.fetchone()
    # A cell may end one unit early, so that no pair of surrogates is torn.
    cells = [-(-(units or 0) // (EXCEL_UNITS - 1)) for units in longest]
    return {column.name: n for column, n in zip(typed, cells, strict=True) if n > 1}


def call_of(pk: int) -> Call:
    return Call.objects.get(pk=pk)


def codes_of(call: Call) -> list[Code]:
    """Return the call's codes in the order of their positions."""
    return list(Code.objects.filter(call=call).order_by("position", "name", "pk"))


def coders_of(call: Call) -> list[AbstractUser]:
    """Return who coded anything in the call, in the order in which they were added."""
    coders = Coding.objects.filter(code__call=call).order_by().values("by")
    return list(User.objects.filter(pk__in=coders).order_by("pk"))


def is_kept(file: File) -> bool:
    return Attachment.file.field.storage.exists(file.path)


def content_of(file: File) -> Iterator[bytes]:
    """Yield a file's bytes in pieces; raises OSError if the storage has lost it."""
    with Attachment.file.field.storage.open(file.path) as stored:
        yield from stored.chunks()


PASSAGES_SQL = (
    "(SELECT jsonb_agg(jsonb_build_object('guid', g.guid, 'code', c.guid, 'question', q.key, "
    "'start', g.start, 'end', g.end, 'by', g.by_id, 'at', g.at) ORDER BY g.start, g.id) "
    "FROM review_coding g JOIN review_code c ON c.id = g.code_id "
    "JOIN submissions_question q ON q.id = g.question_id WHERE g.version_id = v.id)"
)


def _as_cells(table: list[Column]) -> Iterator[tuple[str, Column]]:
    """Yield each column with the name of its cells in `_given`."""
    return ((f"c.c{number}", column) for number, column in enumerate(table))


def _given(dataset: Dataset, table: list[Column], *, is_sorted: bool = True) -> str:
    """FROM: the cells as they were given, each taken out of its document once.

    OFFSET 0 keeps the planner from writing out a column's SQL wherever a cell is named.
    """
    cells = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(table))
    return (
        f"FROM (SELECT {cells}, s.id, s.reference, s.submitted_at "
        f"{_joined(dataset, is_sorted=is_sorted)} OFFSET 0) AS c"
    )


def _order(dataset: Dataset, of: str) -> str:
    return ORDERS_SQL[dataset.choice.order].format(of)


def _joined(dataset: Dataset, *, is_sorted: bool = True) -> str:
    """FROM and ORDER BY: one row a response, with all that a column's SQL speaks of.

    Sorted without their documents, which are fetched one by one after it, the rows begin to
    come at once. OFFSET 0 keeps the planner from doing both in one; the order then holds
    through the nested loops, so that a last ORDER BY sorts nothing more. `v.texts` are the texts
    as the export shows them.
    """
    order = f" ORDER BY {_order(dataset, 's')}" if is_sorted else ""
    identity = (
        "LEFT JOIN LATERAL (SELECT * FROM submissions_versionidentity "
        "WHERE version_id = v.id OFFSET 0) AS i ON true "
        if dataset.named
        else ""
    )
    return (
        f"FROM (SELECT s.* {_chosen(dataset)}{order} OFFSET 0) AS s "  # noqa: S608 - as in `_one_number`
        "CROSS JOIN LATERAL (SELECT v.id, v.number, v.received_at, v.timing, v.choices, v.words, "
        f"{consent.texts_sql(dataset.call)} AS texts FROM submissions_version v "
        f"WHERE v.id = s.current_version_id OFFSET 0) AS v {identity}"
        "CROSS JOIN LATERAL (SELECT (v.received_at AT TIME ZONE %(zone)s) "
        "- (v.received_at AT TIME ZONE 'UTC') AS ahead) AS n "
        f"CROSS JOIN LATERAL (SELECT {_file_count_sql(dataset)} AS files) AS f "
        f"CROSS JOIN LATERAL (SELECT {_codes_sql(dataset)} AS codes OFFSET 0) AS k "
        f"{_documents(dataset)}{order}"
    )


def _file_count_sql(dataset: Dataset) -> str:
    if all(question.kind != QuestionKind.FILE for question in dataset.call.questionnaire.questions):
        return "0"
    return "(SELECT count(*) FROM submissions_version_attachments a WHERE a.version_id = v.id)"


def _codes_sql(dataset: Dataset) -> str:
    """SQL of the names of a version's codes.

    Whether the call has codes at all is found out once a statement, not once a row; `OFFSET 0`
    where this is joined keeps the planner from writing it out wherever a cell names it.
    """
    return (
        "CASE WHEN EXISTS (SELECT FROM review_code c WHERE c.call_id = %(call)s) THEN "
        "(SELECT string_agg(DISTINCT c.name, '; ' ORDER BY c.name) "
        f"{_shown_codings(dataset)}) END"
    )


def _shown_codings(dataset: Dataset) -> str:
    """FROM and WHERE of a version's codings `g`, by codes `c`, in texts that the export shows."""
    shown = consent.text_shown_sql(dataset.call, "q.key", named=dataset.named)
    return (
        "FROM review_coding g JOIN review_code c ON c.id = g.code_id "
        f"JOIN submissions_question q ON q.id = g.question_id WHERE g.version_id = v.id AND {shown}"
    )


def _documents(dataset: Dataset) -> str:
    """Joins of what is read out of the choices and out of the identity.

    `jsonb_to_record` reads all at once, which pays from a few on. Texts are large: it would copy
    each of them several times, where `->>` copies each once.
    """
    found: dict[str, list[Question]] = {"cd": [], "id": []}
    for question in consent.shown_questions(dataset.call, named=dataset.named):
        if sql_type(question) and not is_among_texts(question):
            found[document_of(question)].append(question)
    sources = {"cd": "v.choices", "id": consent.identity_sql(dataset.call)}
    return " ".join(
        f"CROSS JOIN LATERAL {_values(sources[alias], questions, alias)}"
        for alias, questions in found.items()
        if questions
    )


def _values(source: str, questions: list[Question], alias: str) -> str:
    """FROM: the questions' answers in the JSON object `source`, as columns of `alias`."""
    if len(questions) <= FEW and {sql_type(question) for question in questions} == {"text"}:
        values = ", ".join(
            f"{source} ->> {literal_sql(question.key)} AS {name_sql(question.key)}"
            for question in questions
        )
        return f"(SELECT {values}) AS {alias}"
    fields = ", ".join(f"{name_sql(question.key)} {sql_type(question)}" for question in questions)
    return f"jsonb_to_record({source}) AS {alias}({fields})"


def _files_sql(dataset: Dataset) -> str:
    return (
        f"CASE WHEN {consent.files_shown_sql(dataset.call)} THEN "  # noqa: S608 - as in `_one_number`
        "(SELECT jsonb_agg(jsonb_build_object('file_type', a.file_type, 'size', a.size, "
        "'sha256', a.sha256, 'path', a.file) ORDER BY a.uploaded_at, a.id) "
        "FROM submissions_version_attachments x JOIN submissions_attachment a "
        "ON a.id = x.attachment_id WHERE x.version_id = v.id) END"
    )


def _record(row: tuple[Any, ...], shown: frozenset[str]) -> Record:
    reference, number, received_at, is_confidential, may_quote, *documents = row[:10]
    choices, texts, identity, files, passages = (
        json.loads(document) if isinstance(document, str) else document for document in documents
    )
    return Record(
        reference=reference,
        number=number,
        received_at=received_at,
        is_confidential=is_confidential,
        may_quote=bool(may_quote),
        cells=row[10:],
        choices={key: value for key, value in choices.items() if key in shown},
        texts=texts,
        identity=identity or {},
        files=tuple(File(number=n, **file) for n, file in enumerate(files or (), start=1)),
        passages=tuple(CodedPassage(**p) for p in passages or () if p["question"] in texts),
    )


def _chosen(dataset: Dataset, *, needs_version: bool = False) -> str:
    """FROM and WHERE: submitted, and what the choice names; `v` only where something needs it."""
    choice = dataset.choice
    conditions: list[str] = []
    for chosen, key in (
        (choice.roles, role_question_key(dataset.call)),
        (choice.income_bands, "income_band"),
        (choice.areas, "area"),
        (choice.service_areas, "service_area"),
    ):
        if chosen:
            conditions.append(
                f"(v.choices->{literal_sql(key)}) ?| %({_parameter(key, dataset)})s::text[]"
            )
    if choice.timings:
        conditions.append("v.timing = ANY(%(timings)s)")
    if choice.codes:
        conditions.append(f"EXISTS (SELECT {_shown_codings(dataset)} AND c.name = ANY(%(codes)s))")
    if choice.words:
        conditions.append(
            found_sql(
                choice.words,
                shown=consent.texts_sql(dataset.call),
                withheld=consent.withheld_texts_sql(dataset.call, named=dataset.named),
                withholds=consent.withholds_texts_sql(dataset.call, named=dataset.named),
            )
        )
    if choice.since:
        conditions.append("v.received_at >= %(since)s")
    if choice.until:
        conditions.append("v.received_at < %(before)s")
    if choice.quotable:
        conditions.append(consent.quotable_sql(dataset.call))
    join = ""
    if conditions or needs_version:
        join = "JOIN submissions_version v ON v.id = s.current_version_id "
    conditions += ["s.call_id = %(call)s", "s.state = %(submitted)s"]
    if choice.statuses:
        conditions.append("s.triage_status = ANY(%(statuses)s)")
    return f"FROM submissions_submission s {join}WHERE {' AND '.join(conditions)}"


def _parameter(key: str, dataset: Dataset) -> str:
    names = {"income_band": "income_bands", "area": "areas", "service_area": "service_areas"}
    return "roles" if key == role_question_key(dataset.call) else names[key]


def _parameters(dataset: Dataset) -> dict[str, Any]:
    choice = dataset.choice
    since, before = choice.received_between(dataset.call)
    return (
        SQL_PARAMETERS
        | consent.parameters(dataset.call, named=dataset.named)
        | {
            "zone": dataset.call.timezone,
            "call": dataset.call.pk,
            "submitted": str(SubmissionState.SUBMITTED),
            "roles": list(choice.roles),
            "income_bands": list(choice.income_bands),
            "areas": list(choice.areas),
            "service_areas": list(choice.service_areas),
            "timings": list(choice.timings),
            "statuses": list(choice.statuses),
            "codes": list(choice.codes),
            "words": choice.words,
            "since": since,
            "before": before,
        }
    )
