"""Answers as CSV, a row each: of several choices and of a matrix, a row for each choice."""

import csv
import io
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from core.safe_cells import neutralise
from exports.export_context import ExportContext
from exports.queries import records
from exports.types import Pieces
from exports.writers.record_answers import answers
from submissions.calls.models import Question
from submissions.calls.states import TEXT_KINDS, QuestionKind

COLUMNS = {
    "reference": "The response's reference.",
    "version": "Which version of the response the answer is from.",
    "question": "The question's key.",
    "question_label": "The question.",
    "row": "The key of the row, where the question has rows.",
    "row_label": "The row.",
    "value": "The answer: a text as it was given, or the key of one choice; yes for a tick.",
    "value_label": "The choice's label.",
    "publication": "What may become of the response.",
    "may_quote": "yes where the respondent may be quoted.",
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
    for number, record in enumerate(records(dataset), start=1):
        response = (record.reference, record.number)
        allowed = (record.cells[publication] or "", "yes" if record.may_quote else "no")
        for question, value in answers(dataset, record):
            asked = (said(question.key), said(question.label))
            writer.writerows(
                (*response, *asked, *cells, *allowed) for cells in _values(question, value, said)
            )
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
