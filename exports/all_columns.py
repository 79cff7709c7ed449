"""The columns of every export: their names and order, their cells in SQL, what they mean.

The SQL of a cell names what `response_sql` joins: `submission`, `version` (the latest one), the
answers that consent lets the export show (`choices`, `version.texts`, `identity`), `local_time`,
`attached` (how many files) and `coded` (the names of its codes).
"""

from collections.abc import Iterator

from exports.consent import asks_publication, shown_questions
from exports.fact_columns import (
    campaign_columns,
    handling_columns,
    receipt_columns,
    version_columns,
)
from exports.one_column import LONG, ONE, SEVERAL, SHORT, TICK, Column
from exports.sql_literals import literal_sql, name_sql
from submissions.calls.facets import DerivedFacet, band_of_option
from submissions.calls.models import Call, Question
from submissions.calls.states import (
    MULTIPLE_KINDS,
    TEXT_KINDS,
    Publication,
    PublicationPolicy,
    QuestionKind,
)

CONSENTS = ("quote_ok",)


def columns(call: Call, *, named: bool = False, campaigns: str = "") -> list[Column]:
    """Return the columns in the order of the file; who answered only if `named`.

    After the receipt's columns come the facets, each with the bands derived from it, then the other
    questions in the call's order. What respondents allow, how far staff are, and which version the
    row is come last. `campaigns` is that of the filter; its columns stand after all others.
    """
    facets = {facet["question"] for facet in call.facets}
    shown = {q.key: q for q in shown_questions(call, named=named) if q.key not in facets}
    consents = [shown.pop(key) for key in CONSENTS if key in shown]
    last = [
        _publication_column(call, shown.pop("publication", None)),
        *(_column(question, question.key) for question in consents),
        *handling_columns(),
        *version_columns(),
        *campaign_columns(campaigns),
    ]
    receipt = receipt_columns()
    taken = {column.name for column in (*receipt, *last)}
    leading = [*receipt, *_facet_columns(call, taken)]
    others: list[Column] = []
    for question in shown.values():
        if question.kind != QuestionKind.FILE:
            others += _question_columns(question, taken)
    return [*leading, *others, *last]


def sql_type(question: Question) -> str:
    """Return the type under which a JSON object's value is read; empty for files."""
    if question.kind in MULTIPLE_KINDS:
        return "text[]"
    if question.kind == QuestionKind.MATRIX:
        return "jsonb"
    if question.kind == QuestionKind.CHECKBOX:
        return "boolean"
    return "" if question.kind == QuestionKind.FILE else "text"


def document_of(question: Question) -> str:
    """Return the alias of the answers among which the question's answer stands."""
    return "identity" if question.identity else "choices"


def is_among_texts(question: Question) -> bool:
    return question.kind in TEXT_KINDS and not question.identity


def _given_sql(question: Question) -> str:
    return f"{document_of(question)}.{name_sql(question.key)}"


def _value_sql(question: Question) -> str:
    if is_among_texts(question):
        return f"(version.texts->>{literal_sql(question.key)})"
    given = _given_sql(question)
    if question.kind in MULTIPLE_KINDS:
        return f"array_to_string({given}, '; ')"
    if question.kind == QuestionKind.CHECKBOX:
        return f"CASE WHEN {given} THEN 'yes' END"
    return given


def _question_columns(question: Question, taken: set[str]) -> Iterator[Column]:
    """Yield the question's column, or a matrix's one a row; a name taken gets `_2`, `_3` ..."""
    if question.kind != QuestionKind.MATRIX:
        yield _column(question, free_name(question.key, taken))
        return
    for row in question.rows:
        yield Column(
            name=free_name(f"{question.key}_{row['key']}", taken),
            sql=f"({_value_sql(question)}->>{literal_sql(row['key'])})",
            kind=ONE,
            meaning=f"{question.label} {row['label']}",
            values=_options(question),
            is_typed_in=True,
            question=question.key,
            row=row["key"],
        )


def free_name(name: str, taken: set[str]) -> str:
    """Return the name with what it takes to tell it from those that are taken; it is taken then."""
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
        sql=_value_sql(question),
        kind=_kind_in_words(question),
        meaning=question.label,
        values=(("yes", "Ticked"),) if is_checkbox else _options(question),
        is_typed_in=not is_checkbox,
        question=question.key,
        listed_sql=_given_sql(question) if question.kind in MULTIPLE_KINDS else "",
    )


def _options(question: Question) -> tuple[tuple[str, str], ...]:
    return tuple((option["key"], option["label"]) for option in question.options)


def _kind_in_words(question: Question) -> str:
    if question.kind in MULTIPLE_KINDS:
        return SEVERAL
    if question.kind in TEXT_KINDS:
        return LONG if question.kind == QuestionKind.LONG else SHORT
    return TICK if question.kind == QuestionKind.CHECKBOX else ONE


def _facet_columns(call: Call, taken: set[str]) -> Iterator[Column]:
    for _facet, question in call.facet_questions:
        yield _column(question, free_name(question.key, taken))
        for derived in call.derived_from(question):
            yield _derived_column(question, derived, free_name(derived["key"], taken))


def _derived_column(question: Question, derived: DerivedFacet, name: str) -> Column:
    cases = " ".join(
        f"WHEN {literal_sql(option)} THEN {literal_sql(band)}"
        for option, band in band_of_option(derived).items()
    )
    return Column(
        name=name,
        sql=f"CASE {_value_sql(question)} {cases} END",
        kind=f"derived from {question.key}",
        meaning=derived["meaning"],
        values=tuple((band["key"], band["label"]) for band in derived["bands"]),
        derived_from=question.key,
        band=derived["key"],
    )


def _publication_column(call: Call, question: Question | None) -> Column:
    """What may become of the response, in every export, whether the call asks for it or not."""
    if asks_publication(call) and question is not None:
        meaning, values = question.label, _options(question)
        # A response that left the question open is confidential, whatever the call offers.
        left_open = Publication.CONFIDENTIAL
        if left_open.value not in dict(values):
            values += ((left_open.value, str(left_open.label)),)
    else:
        policy = PublicationPolicy(call.publication)
        is_open = policy == PublicationPolicy.NOT_ASKED
        key = policy.value if is_open else Publication.CONFIDENTIAL.value
        meaning, values = "What may become of the responses.", ((key, str(policy.label)),)
    return Column(
        "publication",
        "version.publication",
        ONE,
        meaning,
        values,
        is_typed_in=True,
        question="publication" if question is not None else "",
    )
