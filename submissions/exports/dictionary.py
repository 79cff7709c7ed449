"""The data dictionary: what each column of an export holds, and what is withheld and why."""

import csv
import io

from submissions.exports.datasets import Column, columns, withheld_questions
from submissions.exports.safe_cells import neutralise
from submissions.models import Call

HEADER = ("column", "type", "meaning", "values", "notes")
NEUTRALISING = (
    "A cell whose first character after any white space is = + - or @, or that has a tab or a "
    "carriage return before its first other character, has an apostrophe (') put before it, so "
    "that no spreadsheet runs it. Nothing else is changed: without that apostrophe the cell is "
    "the answer as it was given."
)
CONFIDENTIAL = (
    "Of a response whose publication is “confidential”, the cells of type “short text” are left "
    "empty, as a role or a place in one's own words may say who answered. The rest is for the "
    "project's own understanding: none of it may be published or quoted."
)
ROWS = (
    "One row a submitted response, in its latest version, oldest first. Drafts and withdrawn "
    "responses are left out. An empty cell is a question that was not answered or not asked."
)
CODING = (
    "UTF-8, comma-separated (RFC 4180), lines ended by CR LF, line ends inside an answer by LF. "
    "Times are ISO 8601 with the offset from UTC. In a spreadsheet, import the file as UTF-8 "
    "text rather than opening it by a double click."
)
IDENTITY = "Says who answers: withheld from every pseudonymised export."


def rules() -> list[tuple[str, str]]:
    """Return what holds for the whole file, as name and text."""
    return [
        ("rows", ROWS),
        ("format", CODING),
        ("apostrophes", NEUTRALISING),
        ("confidential", CONFIDENTIAL),
    ]


def dictionary_csv(call: Call) -> bytes:
    """Return the data dictionary of the call's pseudonymised CSV, itself as CSV."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    for column in columns(call):
        writer.writerow([neutralise(cell) for cell in _described(column)])
    for question in withheld_questions(call):
        cells = (question.key, "withheld", question.label, "", IDENTITY)
        writer.writerow([neutralise(cell) for cell in cells])
    for name, text in rules():
        writer.writerow([f"({name})", "rule", text, "", ""])
    return file.getvalue().encode()


def _described(column: Column) -> tuple[str, ...]:
    values = "\n".join(f"{key} = {label}" for key, label in column.values)
    notes = "Empty where publication is confidential." if column.kind == "short text" else ""
    return (column.name, column.kind, column.meaning, values, notes)
