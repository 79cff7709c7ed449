"""The SQL of codings: those of a `version` that consent and the reader let an export show.

Only a file of the project team has the text of files, and what is coded in it.

Parameters: those of `response_sql.parameters`.
"""

from exports.consent import Scope, chosen_for_naming_sql, files_shown_sql, text_shown_sql
from exports.files_sql import FILE_NUMBER_SQL, JOIN_REDACTED_FILE, WITHHELD_FILE_SQL
from exports.types import Dataset
from submissions.calls.models import Call

# Whoever codes a response blind sees nobody else's codings of it, here neither. An empty list of
# such responses hides nothing, whoever reads.
SEEN_SQL = "(coding.by_id = %(reader)s OR submission.id <> ALL(%(blind)s::bigint[]))"
_FROM = (
    "FROM review_coding AS coding JOIN review_code AS code ON code.id = coding.code_id "
    "JOIN submissions_question AS question ON question.id = coding.question_id "
)


def passages_sql(dataset: Dataset) -> str:
    """SQL of the passages of a version as JSON; whether a text is shown, the texts say."""
    return (
        "(SELECT jsonb_agg(jsonb_build_object('guid', coding.guid, 'code', code.guid, "
        "'question', question.key, 'start', coding.start, 'end', coding.end, 'by', coding.by_id, "
        "'at', coding.at, 'file', "
        f"CASE WHEN attachment.id IS NOT NULL THEN {FILE_NUMBER_SQL} END) "
        f"ORDER BY coding.start, coding.id) {_FROM}"
        "LEFT JOIN submissions_attachment AS attachment ON attachment.id = coding.file_text_id "
        f"WHERE coding.version_id = version.id AND {SEEN_SQL} AND {file_shown_sql(dataset)})"
    )


def file_texts_sql(dataset: Dataset) -> str:
    """SQL of what was read of a version's files with coded passages, as JSON by their numbers."""
    if not dataset.has_texts_of_files:
        return "NULL::jsonb"
    return (
        f"(SELECT jsonb_object_agg({FILE_NUMBER_SQL}, coalesce(redacted.text, file_text.text)) "  # noqa: S608 - no values
        "FROM review_filetext AS file_text "
        "JOIN submissions_attachment AS attachment ON attachment.id = file_text.attachment_id "
        f"{JOIN_REDACTED_FILE}"
        "WHERE EXISTS (SELECT FROM review_coding AS coding "
        "WHERE coding.file_text_id = file_text.attachment_id AND coding.version_id = version.id "
        f"AND {SEEN_SQL} AND {file_shown_sql(dataset)}))"
    )


def file_shown_sql(dataset: Dataset) -> str:
    """SQL of whether a coding is of an answer, or of an `attachment` whose text is shown."""
    if not dataset.has_texts_of_files:
        return "coding.file_text_id IS NULL"
    shown = f"{files_shown_sql(dataset.call, dataset.scope)} AND NOT {WITHHELD_FILE_SQL}"
    return f"(coding.file_text_id IS NULL OR {shown})"


def codes_sql(call: Call, scope: Scope) -> str:
    """SQL of the names of a version's codes.

    PostgreSQL finds out once per statement, not once per row, whether the call has codes at all.
    OFFSET 0 where this is joined keeps the planner from writing it out wherever a cell names it.
    """
    return (
        "CASE WHEN EXISTS (SELECT FROM review_code AS code WHERE code.call_id = %(call)s) THEN "
        "(SELECT string_agg(DISTINCT code.name, '; ' ORDER BY code.name) "
        f"{shown_codings(call, scope)}) END"
    )


def shown_codings(call: Call, scope: Scope) -> str:
    """FROM and WHERE of a version's `coding`s, by `code`, in answers that the export shows."""
    return (
        f"{_FROM}WHERE coding.version_id = version.id AND coding.file_text_id IS NULL "
        f"AND {SEEN_SQL} AND {text_shown_sql(call, 'question.key', scope)}"
    )


def codes_and_coders_sql(dataset: Dataset) -> str:
    """SELECT code and coder of each passage that an export of all responses shows."""
    call, scope = dataset.call, dataset.scope
    shown = f"coding.file_text_id IS NULL AND {text_shown_sql(call, 'question.key', scope)}"
    if dataset.has_texts_of_files:
        of_files = f"{files_shown_sql(call, scope)} AND NOT {WITHHELD_FILE_SQL}"
        shown = f"({shown} OR coding.file_text_id IS NOT NULL AND {of_files})"
    return (
        f"SELECT DISTINCT coding.code_id, coding.by_id, {SEEN_SQL} AS is_seen "  # noqa: S608 - no values
        "FROM review_coding AS coding "
        "JOIN submissions_question AS question ON question.id = coding.question_id "
        "JOIN submissions_version AS version ON version.id = coding.version_id "
        "JOIN submissions_submission AS submission ON submission.current_version_id = version.id "
        "LEFT JOIN submissions_attachment AS attachment ON attachment.id = coding.file_text_id "
        "WHERE submission.call_id = %(call)s AND submission.state = %(submitted)s "
        f"AND {chosen_for_naming_sql(call, scope)} AND {shown}"
    )
