"""The SELECT of the tidy table of codings: one row for each coded passage that the export shows.

Consent, filter and reader are those of every export. Words are taken from `consent.texts_sql`, and
of files from what was read of them, without what redaction hides.
"""

from collections.abc import Sequence

from core.safe_cells import neutralised_sql
from exports import consent
from exports.coding_sql import SEEN_SQL
from exports.files_sql import FILE_NUMBER_SQL, JOIN_REDACTED_FILE, WITHHELD_FILE_SQL
from exports.response_sql import chosen_sql, order_sql, parameters
from exports.types import Dataset, Query

# Each column with its SQL, and whether somebody typed what is in it.
COLUMNS: dict[str, tuple[str, bool]] = {
    "coding": ("coding.guid::text", False),
    "reference": ("submission.reference", False),
    "version": ("version.number::text", False),
    "question": ("question.key", False),
    "file": (
        "CASE WHEN attachment.id IS NOT NULL THEN submission.reference || '-' "
        f"|| {FILE_NUMBER_SQL} || '.' "
        "|| CASE WHEN redacted.text IS NULL THEN attachment.file_type ELSE 'txt' END END",
        False,
    ),
    "code": ("code.path", True),
    "coder": ("coder.name", True),
    "coded_at": (
        "to_char(coding.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00'",
        False,
    ),
    "start": ("coding.start::text", False),
    "end": ('coding."end"::text', False),
    "quote": ('substr(source.text, coding.start + 1, coding."end" - coding.start)', True),
    "stands": ("CASE WHEN coding.id = ANY(%(against)s::bigint[]) THEN 'no' ELSE 'yes' END", False),
    "may_quote": ("CASE WHEN version.may_quote THEN 'yes' ELSE 'no' END", False),
}


def codings_query(
    dataset: Dataset,
    *,
    codes: Sequence[tuple[int, str]],
    coders: Sequence[tuple[int, str]],
    against: Sequence[int],
) -> Query:
    """Return the SELECT, by the order of the responses and of the passages in each.

    `codes` and `coders` are keys with what the table calls them; codings by others are left out.
    `against` are the codings that somebody decided against, where coders differed.
    """
    call, scope = dataset.call, dataset.scope
    order = order_sql(dataset, "submission")
    cells = ", ".join(f"{sql} AS {_name(name)}" for name, (sql, _) in COLUMNS.items())
    shown = ", ".join(
        neutralised_sql(f"coded.{_name(name)}") if is_typed_in else f"coded.{_name(name)}"
        for name, (_, is_typed_in) in COLUMNS.items()
    )
    # OFFSET 0: each response's texts are made once, not for each of its passages.
    sql = (
        f"SELECT {shown} FROM (SELECT {cells} "  # noqa: S608 - no values
        f"FROM (SELECT submission.* {chosen_sql(dataset)} ORDER BY {order} OFFSET 0) AS submission "
        "CROSS JOIN LATERAL (SELECT version.id, version.number, "
        f"{consent.texts_sql(call, scope)} AS texts, "
        f"coalesce({consent.quotable_sql(call)}, false) AS may_quote, "
        f"{consent.files_shown_sql(call, scope)} AS shows_files "
        f"FROM submissions_version AS version {consent.JOIN_REDACTED}"
        "WHERE version.id = submission.current_version_id "
        "AND EXISTS (SELECT FROM review_coding AS any_of WHERE any_of.version_id = version.id) "
        "OFFSET 0) AS version "
        "JOIN review_coding AS coding ON coding.version_id = version.id "
        "JOIN submissions_question AS question ON question.id = coding.question_id "
        "JOIN unnest(%(code_keys)s::bigint[], %(code_paths)s::text[]) AS code(id, path) "
        "ON code.id = coding.code_id "
        "JOIN unnest(%(coder_keys)s::bigint[], %(coder_names)s::text[]) AS coder(id, name) "
        "ON coder.id = coding.by_id "
        "LEFT JOIN submissions_attachment AS attachment ON attachment.id = coding.file_text_id "
        "LEFT JOIN review_filetext AS file_text ON file_text.attachment_id = coding.file_text_id "
        f"{JOIN_REDACTED_FILE}"
        "CROSS JOIN LATERAL (SELECT CASE WHEN coding.file_text_id IS NULL "
        "THEN version.texts ->> question.key ELSE coalesce(redacted.text, file_text.text) END "
        "AS text) AS source "
        f"WHERE {SEEN_SQL} AND source.text IS NOT NULL "
        f"AND {_file_shown(dataset)} "
        f"ORDER BY {order}, question.section_id, question.position, coding.start, coding.id"
        ") AS coded"
    )
    return Query(
        sql,
        parameters(dataset)
        | {
            "code_keys": [key for key, _ in codes],
            "code_paths": [path for _, path in codes],
            "coder_keys": [key for key, _ in coders],
            "coder_names": [name for _, name in coders],
            "against": list(against),
        },
    )


def _file_shown(dataset: Dataset) -> str:
    if not dataset.has_texts_of_files:
        return "coding.file_text_id IS NULL"
    return f"(coding.file_text_id IS NULL OR version.shows_files AND NOT {WITHHELD_FILE_SQL})"


def _name(column: str) -> str:
    return f'"{column}"'
