"""Answers as CSV, a row each: of several choices and of a matrix, a row for each choice."""

import csv
import io
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from core.safe_cells import neutralise
from exports.export_context import ExportContext
from exports.one_column import CODE, LONG, NUMBER, YES_NO
from exports.queries import records
from exports.types import Pieces
from exports.writers.dictionary import (
    CONFIDENTIAL,
    MOMENTS,
    QUOTING,
    ROWS,
    UNNAMED,
    UNNAMED_SHOWN,
)
from exports.writers.record_answers import answers
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS, QuestionKind

# What the dictionary says of each column: its type and its meaning.
COLUMNS = {
    "reference": (CODE, "The response's reference."),
    "version": (NUMBER, "Which version of the response the answer is from."),
    "question": (CODE, "The question's key."),
    "question_label": (LONG, "The question."),
    "row": (CODE, "The key of the row, where the question has rows."),
    "row_label": (LONG, "The row."),
    "value": (
        LONG,
        "The answer: a text as it was given, or the key of one choice; yes for a tick.",
    ),
    "value_label": (LONG, "The choice's label."),
    "publication": (CODE, "What may become of the response."),
    "may_quote": (YES_NO, "yes where the respondent may be quoted."),
}
# The dictionary's rules about rows of responses, as they are of rows of answers.
RULES = {
    ROWS: "One row an answer, and of a question with several choices or rows, one a choice. It is "
    "of submitted responses, in their latest version. Drafts, withdrawn and erased ones are left "
    "out. Unless another order was chosen, the response that was first submitted comes first. A "
    "question that was not answered or not asked has no row.",
    MOMENTS: "",
    CONFIDENTIAL: "Confidential responses have no row. A response that left the question about "
    "publication open is confidential too.",
    UNNAMED: "Short texts, such as a role or a place in one's own words, have no row where "
    "publication is “anonymous” or “organisation”, as they may say who answered.",
    UNNAMED_SHOWN: "Short texts, such as a role or a place in one's own words, have no row where "
    "publication is “organisation”, as they may say who answered.",
    QUOTING: "Quote a response only where may_quote is yes and its publication allows it. An "
    "export of quotable responses only leaves out all that may not be quoted, whole.",
}
ROWS_AT_ONCE = 500


def pieces(context: ExportContext) -> Pieces:
    dataset = context.dataset
    publication = [column.name for column in dataset.columns].index("publication")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    # What a call says again in each row is made harmless once.
    said = cache(neutralise)
    context.lines = 0
    for number, record in enumerate(records(dataset), start=1):
        response = (record.reference, record.number)
        allowed = (record.cells[publication] or "", "yes" if record.may_quote else "no")
        for question, value in answers(dataset, record):
            asked = (said(question.key), said(question.label))
            rows = [
                (*response, *asked, *cells, *allowed) for cells in _values(question, value, said)
            ]
            writer.writerows(rows)
            context.lines += len(rows)
        context.row_done()
        if number % ROWS_AT_ONCE == 0:
            yield _taken(file)
    yield _taken(file)


def _taken(file: io.StringIO) -> bytes:
    written = file.getvalue().encode()
    file.seek(0)
    file.truncate()
    return written


def _values(
    question: Question, value: Any, said: Callable[[str], str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield row, its label, value and its label of each choice, or of the one answer."""
    labels = question.option_labels
    if question.kind in TEXT_KINDS:
        yield "", "", neutralise(str(value)), ""
    elif question.kind == QuestionKind.CHECKBOX:
        if value is True:
            yield "", "", "yes", "Ticked"
    elif question.kind == QuestionKind.MATRIX:
        for row in question.rows:
            if row["key"] in value:
                chosen = value[row["key"]]
                label = labels.get(chosen, chosen)
                yield said(row["key"]), said(row["label"]), said(chosen), said(label)
    else:
        for chosen in value if isinstance(value, list) else [value]:
            yield "", "", said(chosen), said(labels.get(chosen, chosen))
