"""What an export holds. The only file here that asks the database.

Every export takes its columns and its rows from this file, so what respondents chose about
publication and what says who they are is governed in one place (`is_withheld`, `_cell_sql`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from submissions.exports.safe_cells import SQL_PARAMETERS, neutralised_sql
from submissions.models import Call, Question
from submissions.vocabulary import (
    MULTIPLE_KINDS,
    TEXT_KINDS,
    Channel,
    Publication,
    QuestionKind,
    SubmissionState,
    Timing,
    TriageStatus,
)

# Keys of the first call's income bands, each with its lower bound included.
NCVO_BANDS = {
    "lt_10k": "micro",
    "10k_25k": "small",
    "25k_100k": "small",
    "100k_1m": "medium",
    "1m_10m": "large",
    "10m_100m": "major",
    "ge_100m": "super_major",
    "not_sure": "not_sure",
}
SMALL_AND_MEDIUM = {
    "lt_10k": "no",
    "10k_25k": "no",
    "25k_100k": "yes",
    "100k_1m": "yes",
    "1m_10m": "no",
    "10m_100m": "no",
    "ge_100m": "no",
    "not_sure": "not_sure",
}
LEADING = ("roles", "capacity", "org_type", "income_band")
AREAS = ("area", "service_area")
CONSENTS = ("publication", "quote_ok")


@dataclass(frozen=True)
class Column:
    """One column: its name, the SQL of its cells, and what the data dictionary says of it."""

    name: str
    sql: str
    kind: str
    meaning: str
    values: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True)
class RowsQuery:
    """A SELECT of text cells with its named parameters."""

    sql: str
    parameters: dict[str, Any]


def is_withheld(question: Question) -> bool:
    """Return whether the question says who answers, so that no pseudonymised export has it."""
    return question.identity or question.kind == QuestionKind.EMAIL


def withheld_questions(call: Call) -> list[Question]:
    return [question for question in call.questions_in_order if is_withheld(question)]


def columns(call: Call) -> list[Column]:
    """Return the columns of the pseudonymised export, in the order of the file."""
    questions = {q.key: q for q in call.questions_in_order if not is_withheld(q)}
    named = [
        *_receipt_columns(),
        *(_named_column(key, questions) for key in LEADING),
        *_band_columns(questions),
        *(_named_column(key, questions) for key in AREAS),
    ]
    last = [*(_named_column(key, questions) for key in CONSENTS), *_handling_columns()]
    taken = {column.name for column in (*named, *last)}
    spoken_for = {*LEADING, *AREAS, *CONSENTS}
    others = []
    for question in questions.values():
        if question.key in spoken_for or question.kind == QuestionKind.FILE:
            continue
        others += _question_columns(question, taken)
    return [*named, *others, *last]


def rows_query(call: Call, table: list[Column]) -> RowsQuery:
    """Return the SELECT of one row a submitted response (its latest version), oldest first.

    Drafts and withdrawn responses are left out. The two `jsonb_to_record` read each document
    once, where an operator a column would decompress it once a column.
    """
    questions = [q for q in call.questions_in_order if not is_withheld(q)]
    choices = [f"{_name(q.key)} {_choice_type(q)}" for q in questions if _choice_type(q)]
    texts = [f"{_name(q.key)} text" for q in questions if q.kind in TEXT_KINDS]
    cells = ", ".join(f"{column.sql} AS {_name(column.name)}" for column in table)
    sql = (  # keys are quoted by _name and _literal; values are parameters
        f"SELECT {cells} FROM submissions_submission s "  # noqa: S608 - see above
        "JOIN submissions_version v ON v.id = s.current_version_id "
        f"{_record('v.choices', 'c', choices)} {_record('v.texts', 't', texts)} "
        f"CROSS JOIN LATERAL (SELECT {_is_confidential(questions)} AS confidential, "
        "(s.submitted_at AT TIME ZONE %(zone)s) - (s.submitted_at AT TIME ZONE 'UTC') AS ahead"
        ") AS z "
        "WHERE s.call_id = %(call)s AND s.state = %(submitted)s "
        "ORDER BY s.submitted_at, s.id"
    )
    parameters = SQL_PARAMETERS | {
        "zone": call.timezone,
        "call": call.pk,
        "submitted": str(SubmissionState.SUBMITTED),
        "confidential": str(Publication.CONFIDENTIAL),
    }
    return RowsQuery(sql, parameters)


def _is_confidential(questions: list[Question]) -> str:
    """SQL of whether the respondent chose “confidential”, or left open what the call asks."""
    if any(q.key == "publication" and q.kind == QuestionKind.RADIO for q in questions):
        return "coalesce(c.publication, %(confidential)s) = %(confidential)s"
    return "false"


def _name(key: str) -> str:
    return '"' + key.replace('"', '""').replace("%", "%%") + '"'


def _literal(key: str) -> str:
    return "'" + key.replace("'", "''").replace("%", "%%") + "'"


def _record(document: str, alias: str, fields: list[str]) -> str:
    if not fields:
        return ""
    return f"CROSS JOIN LATERAL jsonb_to_record({document}) AS {alias}({', '.join(fields)})"


def _choice_type(question: Question) -> str:
    if question.kind in MULTIPLE_KINDS:
        return "text[]"
    if question.kind == QuestionKind.MATRIX:
        return "jsonb"
    if question.kind == QuestionKind.CHECKBOX:
        return "boolean"
    return "text" if question.kind == QuestionKind.RADIO else ""


def _options(question: Question) -> tuple[tuple[str, str], ...]:
    return tuple((option["key"], option["label"]) for option in question.options)


def _cell_sql(question: Question) -> str:
    """SQL of the question's cells, with what respondents chose about publication applied.

    Of a confidential response no short text is given: a role or a place in one's own words may
    say who one is.
    """
    if question.kind in TEXT_KINDS:
        given = neutralised_sql(f"t.{_name(question.key)}")
        if question.kind == QuestionKind.LONG:
            return given
        return f"CASE WHEN NOT z.confidential THEN {given} END"
    given = f"c.{_name(question.key)}"
    if question.kind in MULTIPLE_KINDS:
        return neutralised_sql(f"array_to_string({given}, '; ')")
    if question.kind == QuestionKind.CHECKBOX:
        return f"CASE WHEN {given} THEN 'yes' END"
    return neutralised_sql(given)


def _question_columns(question: Question, taken: set[str]) -> Iterator[Column]:
    """Yield the question's column, or a matrix's one a row; a name taken gets `_2`, `_3` ..."""
    if question.kind == QuestionKind.MATRIX:
        for row in question.rows:
            yield Column(
                name=_free(f"{question.key}_{row['key']}", taken),
                sql=neutralised_sql(f"(c.{_name(question.key)}->>{_literal(row['key'])})"),
                kind="one choice",
                meaning=f"{question.label} {row['label']}",
                values=_options(question),
            )
        return
    yield _column(question, _free(question.key, taken))


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _column(question: Question, name: str) -> Column:
    is_checkbox = question.kind == QuestionKind.CHECKBOX
    return Column(
        name=name,
        sql=_cell_sql(question),
        kind=_kind_in_words(question),
        meaning=question.label,
        values=(("yes", "Ticked"),) if is_checkbox else _options(question),
    )


def _kind_in_words(question: Question) -> str:
    if question.kind in MULTIPLE_KINDS:
        return "several choices, joined with “; ”"
    if question.kind in TEXT_KINDS:
        return "text" if question.kind == QuestionKind.LONG else "short text"
    return "tick" if question.kind == QuestionKind.CHECKBOX else "one choice"


def _named_column(name: str, questions: dict[str, Question]) -> Column:
    question = questions.get(name)
    if question is None or question.kind in {QuestionKind.FILE, QuestionKind.MATRIX}:
        return Column(name, "NULL::text", "empty", "This call does not ask it.")
    return _column(question, name)


def _receipt_columns() -> list[Column]:
    moment = (
        "to_char(s.submitted_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') "
        "|| CASE WHEN z.ahead < interval '0' THEN '-' ELSE '+' END "
        "|| to_char(greatest(z.ahead, -z.ahead), 'HH24:MI')"
    )
    return [
        Column("reference", "s.reference", "code", "The response's reference."),
        Column(
            "submitted_at",
            moment,
            "ISO 8601 time",
            "When the response was first submitted: local time of the call's time zone, with "
            "its offset from UTC.",
        ),
        Column(
            "timing",
            "v.timing",
            "one choice",
            "Which deadline the latest version was received before.",
            tuple(Timing.choices),
        ),
        Column(
            "channel",
            "s.channel",
            "one choice",
            "How the evidence reached the project.",
            tuple(Channel.choices),
        ),
    ]


def _band_columns(questions: dict[str, Question]) -> list[Column]:
    band = questions.get("income_band")
    is_asked = band is not None and band.kind == QuestionKind.RADIO
    return [
        Column(
            "ncvo_band",
            _derived(NCVO_BANDS) if is_asked else "NULL::text",
            "derived from income_band",
            "NCVO's six bands of income in the last financial year; lower bounds included.",
            (
                ("micro", "Under £10,000"),
                ("small", "£10,000 to under £100,000"),
                ("medium", "£100,000 to under £1 million"),
                ("large", "£1 million to under £10 million"),
                ("major", "£10 million to under £100 million"),
                ("super_major", "£100 million or more"),
                ("not_sure", "Not sure"),
            ),
        ),
        Column(
            "small_and_medium",
            _derived(SMALL_AND_MEDIUM) if is_asked else "NULL::text",
            "derived from income_band",
            "Whether Lloyds Bank Foundation for England and Wales counts the income as small "
            "and medium: £25,000 to under £1 million.",
            (("yes", "Yes"), ("no", "No"), ("not_sure", "Not sure")),
        ),
    ]


def _derived(table: dict[str, str]) -> str:
    cases = " ".join(f"WHEN {_literal(key)} THEN {_literal(value)}" for key, value in table.items())
    return f"CASE c.income_band {cases} END"


def _handling_columns() -> list[Column]:
    files = "(SELECT count(*) FROM submissions_version_attachments a WHERE a.version_id = v.id)"
    return [
        Column("attachments", files, "number", "How many files came with the response."),
        Column("words", "v.words", "number", "Words in all text answers, withheld ones included."),
        Column(
            "status",
            "s.triage_status",
            "one choice",
            "How far the project's staff have read the response.",
            tuple(TriageStatus.choices),
        ),
        Column("codes", "NULL::text", "empty", "Codes given in the analysis; none yet."),
    ]
