"""The SQL of codes: those on passages of a `version` that consent lets an export show.

No export has the text of files, nor what is coded in it.

Parameters: those of `response_sql.parameters`.
"""

from exports.consent import Scope, chosen_for_naming_sql, text_shown_sql
from submissions.calls.models import Call

PASSAGES_SQL = (
    "(SELECT jsonb_agg(jsonb_build_object('guid', coding.guid, 'code', code.guid, "
    "'question', question.key, 'start', coding.start, 'end', coding.end, 'by', coding.by_id, "
    "'at', coding.at) ORDER BY coding.start, coding.id) "
    "FROM review_coding AS coding JOIN review_code AS code ON code.id = coding.code_id "
    "JOIN submissions_question AS question ON question.id = coding.question_id "
    "WHERE coding.version_id = version.id AND coding.file_text_id IS NULL)"
)


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
    """FROM and WHERE of a version's `coding`s, by `code`, in texts that the export shows."""
    return (
        "FROM review_coding AS coding JOIN review_code AS code ON code.id = coding.code_id "
        "JOIN submissions_question AS question ON question.id = coding.question_id "
        "WHERE coding.version_id = version.id AND coding.file_text_id IS NULL "
        f"AND {text_shown_sql(call, 'question.key', scope)}"
    )


def codes_and_coders_sql(call: Call, scope: Scope) -> str:
    """SELECT code and coder of each passage that an export of all responses shows."""
    return (
        "SELECT DISTINCT coding.code_id, coding.by_id FROM review_coding AS coding "  # noqa: S608 - no values
        "JOIN submissions_question AS question ON question.id = coding.question_id "
        "JOIN submissions_version AS version ON version.id = coding.version_id "
        "JOIN submissions_submission AS submission ON submission.current_version_id = version.id "
        "WHERE submission.call_id = %(call)s AND submission.state = %(submitted)s "
        "AND coding.file_text_id IS NULL "
        f"AND {chosen_for_naming_sql(call, scope)} "
        f"AND {text_shown_sql(call, 'question.key', scope)}"
    )
