"""The SQL of every export. `queries` runs it.

`response_query` is the one SELECT behind every format. It returns one row per response: the facts
and documents that make a `Record`, then a cell per column. `spreadsheet_query` puts the cells
alone into a form that no spreadsheet runs, for COPY; PostgreSQL then leaves out what only a
`Record` needs (`remove_unused_subquery_outputs` of its planner).

Keys are quoted by `name_sql` and `literal_sql`; all values are parameters.
"""

from collections.abc import Iterator
from typing import Any

from core.safe_cells import SQL_PARAMETERS, neutralised_sql
from core.text_sheets import EXCEL_UNITS
from exports import consent
from exports.all_columns import document_of, is_among_texts, sql_type
from exports.campaign_sql import PARAMETERS as CAMPAIGN_PARAMETERS
from exports.campaign_sql import counted_once_sql, named_sql, stood_sql
from exports.changes_sql import changed_between_sql, number_sql
from exports.coding_sql import codes_sql, file_texts_sql, passages_sql, shown_codings
from exports.export_context import UnsupportedByFormat
from exports.files_sql import WITHHELD_FILE_SQL
from exports.one_column import Column
from exports.sql_literals import literal_sql, name_sql
from exports.types import Dataset, Query
from submissions.calls.models import Question
from submissions.calls.states import QuestionKind
from submissions.responses.searching import found_sql
from submissions.responses.states import SubmissionState

FEW = 6  # values of one JSON object
# PostgreSQL has 1,664 in a SELECT (MaxTupleAttributeNumber), those of `facts_sql` included.
MOST_COLUMNS = 1_600
EMPTY = "'{}'::jsonb"
ORDERS_SQL = {
    "oldest": "{row}.submitted_at, {row}.id",
    "newest": "{row}.submitted_at DESC, {row}.id DESC",
    "reference": "{row}.reference",
}


def response_query(dataset: Dataset) -> Query:
    """Return the SELECT of one row per response, in the chosen order.

    Its columns are those of `facts_sql`, then `cell_0`, `cell_1` … as text, in the order of the
    dataset's columns. Raises UnsupportedByFormat for more than MOST_COLUMNS.
    """
    if (wide := len(dataset.columns)) > MOST_COLUMNS:
        raise UnsupportedByFormat(
            f"A table has up to {MOST_COLUMNS:,} columns here, and this one would have {wide:,}, "
            "counting one for each option and row. Take one that joins several choices in a column."
        )
    facts = [f"{sql} AS {name}" for name, sql in facts_sql(dataset).items()]
    cells = [f"({column.sql})::text AS cell_{n}" for n, column in enumerate(dataset.columns)]
    order = f"ORDER BY {order_sql(dataset, 'submission')}"
    return Query(
        f"SELECT {', '.join(facts + cells)} {_joined(dataset, order)} {order}",
        parameters(dataset),
    )


def spreadsheet_query(dataset: Dataset) -> Query:
    """Return the SELECT of the same rows, their cells alone, as no spreadsheet runs them.

    Whoever writes them as CSV has `neutralise_inside` go over each row.
    """
    responses = response_query(dataset)
    cells = ", ".join(
        f"{neutralised_sql(cell) if column.is_typed_in else cell} AS {name_sql(column.name)}"
        for cell, column in _cells(dataset)
    )
    return Query(
        f"SELECT {cells} {_from(responses)} ORDER BY {order_sql(dataset, 'response')}",
        responses.parameters,
    )


def longest_cells_query(dataset: Dataset) -> Query:
    """Return the SELECT of how long the longest answer of each typed-in column is, in one row.

    It counts UTF-16 code units, and 0 for answers of half a cell and less, which is nearly all:
    a character takes two units at most.
    """
    responses = response_query(dataset)
    units = ", ".join(
        f"coalesce(max(CASE WHEN length({cell}) > {EXCEL_UNITS // 2} THEN length({cell}) "
        f"+ length(regexp_replace({cell}, %(one_unit)s, '', 'g')) END), 0)"
        for cell, column in _cells(dataset)
        if column.is_typed_in
    )
    return Query(
        f"SELECT {units} {_from(responses)}",
        responses.parameters | {"one_unit": "[\u0001-\uffff]"},
    )


def facts_sql(dataset: Dataset) -> dict[str, str]:
    """Return the SQL of what a `Record` holds beside its cells, by the names of its columns.

    `id` is there for the order.
    """
    call = dataset.call
    return {
        "id": "submission.id",
        "submitted_at": "submission.submitted_at",
        "reference": "submission.reference",
        "number": "version.number",
        "is_withheld": "version.is_withheld",
        "says_who": consent.says_who_sql(call, dataset.scope),
        "received_at": _came_sql("version.is_withheld"),
        "is_confidential": consent.confidential_sql(call),
        "may_quote": f"coalesce({consent.quotable_sql(call)}, false)",
        "choices": "version.choices",
        "texts": "version.texts",
        "identity": consent.identity_sql(call, dataset.scope) if dataset.named else "NULL::jsonb",
        "files": _files_sql(dataset),
        "passages": passages_sql(dataset),
        "file_texts": file_texts_sql(dataset),
    }


def _cells(dataset: Dataset) -> Iterator[tuple[str, Column]]:
    """Yield each column with the name that `_from` gives its cells."""
    return ((f"response.cell_{n}", column) for n, column in enumerate(dataset.columns))


def _from(responses: Query) -> str:
    """FROM: the responses as `response`.

    OFFSET 0 keeps the planner from writing out a column's SQL wherever a cell is named.
    """
    return f"FROM ({responses.sql} OFFSET 0) AS response"


def order_sql(dataset: Dataset, row: str) -> str:
    if dataset.changes is not None:
        number = number_sql(dataset.call, dataset.scope)
        change = f"FROM exports_change AS change WHERE change.submission_id = {row}.id"
        return f"(SELECT {number} {change})"
    return ORDERS_SQL[dataset.export_filter.order].format(row=row)


def _joined(dataset: Dataset, order: str) -> str:
    """FROM: one row per response, with all that a column's SQL names.

    Sorted without their documents, which PostgreSQL fetches one by one after it, the rows begin
    to come at once. OFFSET 0 keeps the planner from doing both in one; the order then holds
    through the nested loops, so that a last ORDER BY sorts nothing more. `version.choices` and
    `version.texts` are as the export shows them: of withheld responses, empty.
    """
    call, scope = dataset.call, dataset.scope
    withheld = consent.withheld_sql(call, scope)
    identity = (
        "LEFT JOIN LATERAL (SELECT * FROM submissions_versionidentity AS version_identity "
        "WHERE version_identity.version_id = version.id OFFSET 0) AS version_identity ON true "
        if dataset.named
        else ""
    )
    return (
        f"FROM (SELECT submission.* {chosen_sql(dataset)} {order} OFFSET 0) AS submission "  # noqa: S608 - as above
        f"CROSS JOIN LATERAL (SELECT version.id, {withheld} AS is_withheld, "
        f"{_unless(withheld, 'version.number', '0')} AS number, version.received_at, "
        f"version.timing, {consent.publication_sql(call)} AS publication, "
        f"{_unless(withheld, 'version.choices', EMPTY)} AS choices, "
        f"{_unless(withheld, 'version.words')} AS words, "
        f"{_unless(withheld, 'submission.channel')} AS channel, "
        f"{_unless(withheld, 'submission.triage_status')} AS status, "
        f"{consent.texts_sql(call, scope)} AS texts FROM submissions_version AS version "
        f"{consent.JOIN_REDACTED}WHERE version.id = submission.current_version_id OFFSET 0) "
        f"AS version {identity}"
        f"{_ahead_sql('version.received_at', 'local_time')}"
        f"{_ahead_sql('submission.submitted_at', 'first_time')}"
        f"CROSS JOIN LATERAL (SELECT {_file_count_sql(dataset)} AS files) AS attached "
        f"CROSS JOIN LATERAL (SELECT {codes_sql(call, scope)} AS codes OFFSET 0) AS coded "
        f"{named_sql(dataset)}{stood_sql(dataset)}"
        f"{_documents(dataset)}"
    )


def _ahead_sql(moment: str, name: str) -> str:
    """JOIN: how far ahead of UTC the call's time zone is at the moment."""
    return (
        f"CROSS JOIN LATERAL (SELECT ({moment} AT TIME ZONE %(zone)s) "
        f"- ({moment} AT TIME ZONE 'UTC') AS ahead) AS {name} "
    )


def _came_sql(withheld: str) -> str:
    """SQL of when the response came, as far as the export says it: in its latest version.

    Of a withheld one, in its first: that its author changed it is for the project team.
    """
    return _unless(withheld, "version.received_at", "submission.submitted_at")


def _unless(withheld: str, sql: str, instead: str = "NULL") -> str:
    return f"CASE WHEN {withheld} THEN {instead} ELSE {sql} END"


def _file_count_sql(dataset: Dataset) -> str:
    counted = (
        "(SELECT count(*) FROM submissions_version_attachments AS attached "
        "WHERE attached.version_id = version.id)"
    )
    if all(question.kind != QuestionKind.FILE for question in dataset.call.questionnaire.questions):
        counted = "0"
    return _unless("version.is_withheld", counted)


def _documents(dataset: Dataset) -> str:
    """Joins of what is read out of the choices and out of the identity.

    `jsonb_to_record` reads all at once, which pays from a few on. Texts are large: it would copy
    each of them several times, where `->>` copies each once.
    """
    found: dict[str, list[Question]] = {"choices": [], "identity": []}
    for question in consent.shown_questions(dataset.call, named=dataset.named):
        if sql_type(question) and not is_among_texts(question):
            found[document_of(question)].append(question)
    sources = {
        "choices": "version.choices",
        "identity": consent.identity_sql(dataset.call, dataset.scope),
    }
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
        f"CASE WHEN {consent.files_shown_sql(dataset.call, dataset.scope)} THEN "  # noqa: S608 - as above
        "(SELECT jsonb_agg(jsonb_build_object('file_type', attachment.file_type, "
        "'size', attachment.size, 'sha256', attachment.sha256, 'path', attachment.file, "
        "'scan', scan.state, 'found', scan.detail, 'redacted_text', redacted.text, "
        f"'is_withheld', {WITHHELD_FILE_SQL}) "
        "ORDER BY attachment.uploaded_at, attachment.id) "
        "FROM submissions_version_attachments AS attached "
        "JOIN submissions_attachment AS attachment "
        "ON attachment.id = attached.attachment_id "
        "LEFT JOIN submissions_filescan AS scan ON scan.attachment_id = attachment.id "
        "LEFT JOIN review_redactedfiletext AS redacted ON redacted.file_text_id = attachment.id "
        "WHERE attached.version_id = version.id) END"
    )


def chosen_sql(dataset: Dataset, *, needs_version: bool = False) -> str:
    """FROM and WHERE: the submitted responses that the filter names.

    `version` is joined only where something needs it. A filter that asks for anything which is
    withheld of confidential responses leaves them out, so that none tells what they say.
    """
    export_filter = dataset.export_filter
    call, scope = dataset.call, dataset.scope
    conditions: list[str] = []
    if export_filter.asks_beyond_the_bare_row and not scope.confidential:
        conditions.append(f"NOT {consent.withheld_sql(call, scope)}")
    if scope.named and not scope.includes_unnamed:
        conditions.append(consent.chosen_for_naming_sql(call, scope))
    if export_filter.publications:
        conditions.append(f"{consent.publication_sql(call)} = ANY(%(publications)s)")
    if export_filter.org_name_listed:
        conditions.append("version.choices->>'org_name_listed' = ANY(%(org_name_listed)s)")
    if export_filter.quote_ok:
        conditions.append("version.choices->>'quote_ok' = ANY(%(quote_ok)s)")
    for place, key in enumerate(export_filter.facets):
        conditions.append(f"(version.choices->{literal_sql(key)}) ?| %(facet_{place})s::text[]")
    if export_filter.timings:
        conditions.append("version.timing = ANY(%(timings)s)")
    if export_filter.codes:
        conditions.append(
            f"EXISTS (SELECT {shown_codings(call, scope)} AND code.name = ANY(%(codes)s))"
        )
    if export_filter.words:
        conditions.append(
            found_sql(
                export_filter.words,
                shown=consent.texts_sql(call, scope),
                withheld=consent.withheld_texts_sql(call, scope),
                withholds=consent.withholds_texts_sql(call, scope),
                rewritten="redacted.version_id IS NOT NULL",
                all_rewritten="SELECT redacted.version_id FROM review_redactedversion AS redacted",
            )
        )
    came = _came_sql(consent.withheld_sql(call, scope))
    if export_filter.since:
        conditions.append(f"{came} >= %(since)s")
    if export_filter.until:
        conditions.append(f"{came} < %(before)s")
    if export_filter.quotable:
        conditions.append(consent.quotable_sql(call))
    if export_filter.campaigns == "once":
        conditions.append(counted_once_sql(call, scope))
    if export_filter.listed is not None:
        conditions.append("submission.id = ANY(%(listed)s::bigint[])")
    if dataset.changes is not None:
        changed = changed_between_sql(call, scope, "%(changed_after)s", "%(changed_upto)s")
        conditions.append(
            "EXISTS (SELECT FROM exports_change AS change "
            f"WHERE change.submission_id = submission.id AND {changed})"
        )
    join = ""
    if conditions or needs_version:
        join = "JOIN submissions_version AS version ON version.id = submission.current_version_id "
    if export_filter.words:
        join += consent.JOIN_REDACTED
    conditions += ["submission.call_id = %(call)s", "submission.state = %(submitted)s"]
    if export_filter.statuses:
        conditions.append("submission.triage_status = ANY(%(statuses)s)")
    return f"FROM submissions_submission AS submission {join}WHERE {' AND '.join(conditions)}"


def parameters(dataset: Dataset) -> dict[str, Any]:
    export_filter = dataset.export_filter
    since, before = export_filter.received_between(dataset.call)
    changed_after, changed_upto = dataset.changes or (None, None)
    return (
        SQL_PARAMETERS
        | consent.parameters(dataset.call, dataset.scope)
        | CAMPAIGN_PARAMETERS
        | {
            "zone": dataset.call.timezone,
            "call": dataset.call.pk,
            "submitted": str(SubmissionState.SUBMITTED),
            "timings": list(export_filter.timings),
            "statuses": list(export_filter.statuses),
            "publications": list(export_filter.publications),
            "org_name_listed": list(export_filter.org_name_listed),
            "quote_ok": list(export_filter.quote_ok),
            "codes": list(export_filter.codes),
            "words": export_filter.words,
            "listed": list(export_filter.listed.keys) if export_filter.listed else [],
            "reader": dataset.reader.pk if dataset.reader else None,
            "blind": list(dataset.blind),
            "since": since,
            "before": before,
            "changed_after": changed_after,
            "changed_upto": changed_upto,
        }
        | {f"facet_{place}": list(keys) for place, keys in enumerate(export_filter.facets.values())}
    )
