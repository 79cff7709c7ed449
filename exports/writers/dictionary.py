"""The data dictionary: what each column of an export holds, and what is withheld and why."""

import csv
import io

from exports.columns import SHORT, Column
from exports.consent import says_who, shown_questions, withheld_questions
from exports.export_context import ExportContext
from exports.safe_cells import neutralise
from exports.types import Dataset, Pieces
from submissions.calls.states import QuestionKind

HEADER = ("column", "type", "meaning", "values", "notes")
NEUTRALISING = (
    "In CSV files, a cell whose first character after any white space is = + - or @, or that has "
    "a tab or a carriage return before its first other character, has an apostrophe (') put "
    "before it, so that no spreadsheet runs it. Nothing else is changed: without that apostrophe "
    "the cell is the answer as it was given. In Excel files every answer is a text cell, which "
    "Excel never runs, and has no apostrophe; JSON lines and text files have none either."
)
CONFIDENTIAL = (
    "Of a response whose publication is “confidential”, or was left empty though the call asks "
    "for it, the cells of type “short text” are left empty, as a role or a place in one's own "
    "words may say who answered. The rest is for the project's own understanding: none of it may "
    "be published or quoted."
)
FILES_WITHHELD = "Its files are left out too."
FILES_SHARED = "Its files are among the attachments, as this call has it."
QUOTING = (
    "Quote a response only where quote_ok is yes and its publication allows it. A response whose "
    "publication is “confidential”, or was left empty though the call asks for it, may have "
    "quote_ok yes and still may not be quoted. An empty quote_ok is no leave to quote. An export "
    "of quotable responses only leaves out all that may not be quoted, whole."
)
PUBLICATION = "A name may be published only where publication is “named”, whatever this file shows."
ROWS = (
    "One row a submitted response, in its latest version. Drafts and withdrawn responses are "
    "left out. Unless another order was chosen, the response that was first submitted comes "
    "first. An empty cell is a question that was not answered or not asked."
)
CODING = (
    "CSV files are UTF-8, comma-separated (RFC 4180), lines ended by CR LF, line ends inside an "
    "answer by LF. Times are ISO 8601 with the offset from UTC. In a spreadsheet, import the "
    "file as UTF-8 text rather than opening it by a double click."
)
EXCEL = (
    "In Excel files, submitted_at is a date and time of the call's time zone, cut (never "
    "rounded) to the millisecond. An answer of more than 32,767 characters, the most that a cell "
    "of Excel holds, goes on in a column named “(continued 2)”, “(continued 3)” and so on: put "
    "together without anything between them, the cells are the answer."
)
CONTROLS = (
    "Control characters, which XML cannot hold, are shown by their pictures (U+2400 to U+241F) "
    "in Excel, Word and REFI-QDA files; U+FFFE and U+FFFF by U+FFFD. PDFs show a character that "
    "their fonts lack by its number, such as [U+4E2D]. CSV and JSON lines have every character "
    "as it was given."
)
IDENTITY = "Says who answers: withheld from every pseudonymised export."
IDENTITY_NAMED = "Says who answers. Empty where publication is confidential."
FILE_QUESTION = (
    "Given as files, under the attachments: named by the response's reference and a number."
)


def rules(dataset: Dataset | None = None) -> list[tuple[str, str]]:
    """Return what holds for the whole export, as name and text."""
    shares = dataset is not None and dataset.call.shares_confidential_files
    return [
        ("rows", ROWS),
        ("format", CODING),
        ("apostrophes", NEUTRALISING),
        ("confidential", f"{CONFIDENTIAL} {FILES_SHARED if shares else FILES_WITHHELD}"),
        ("quoting", QUOTING),
        ("publication", PUBLICATION),
        ("Excel", EXCEL),
        ("control characters", CONTROLS),
    ]


def entries(dataset: Dataset) -> list[tuple[str, ...]]:
    """Return the dictionary's rows: columns, files, what is withheld, the rules."""
    call, named = dataset.call, dataset.named
    files = [q for q in shown_questions(call, named=named) if q.kind == QuestionKind.FILE]
    return [
        *(described(column, dataset) for column in dataset.columns),
        *((q.key, "files", q.label, "", FILE_QUESTION) for q in files),
        *(
            (q.key, "withheld", q.label, "", IDENTITY)
            for q in withheld_questions(call, named=named)
        ),
        *((f"({name})", "rule", text, "", "") for name, text in rules(dataset)),
    ]


def described(column: Column, dataset: Dataset) -> tuple[str, ...]:
    values = "\n".join(f"{key} = {label}" for key, label in column.values)
    question = dataset.call.questions_by_key.get(column.question)
    notes = "Empty where publication is confidential." if column.kind == SHORT else ""
    if question is not None and says_who(question):
        notes = IDENTITY_NAMED
    return (column.name, column.kind, column.meaning, values, notes)


def dictionary_csv(dataset: Dataset) -> bytes:
    """Return the data dictionary as CSV."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    for entry in entries(dataset):
        writer.writerow([neutralise(cell) for cell in entry])
    return file.getvalue().encode()


def pieces(context: ExportContext) -> Pieces:
    yield dictionary_csv(context.dataset)
