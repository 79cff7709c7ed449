"""The data dictionary: what each column of an export contains, and what is withheld and why."""

import csv
import io
from collections.abc import Mapping, Sequence

from core.safe_cells import neutralise
from exports.consent import asks_publication, says_who, shown_questions, withheld_questions
from exports.export_context import ExportContext
from exports.one_column import SHORT, Column
from exports.types import Dataset, Pieces
from submissions.calls.states import PublicationPolicy, QuestionKind

DICTIONARY_NAME = "dictionary.csv"
HEADER = ("column", "type", "meaning", "values", "notes")
NEUTRALISING = (
    "In CSV files, a cell whose first character after any white space is = + - or @, full-width or "
    "not, or that has a tab or a carriage return before its first other character, has an "
    "apostrophe (') put before it, so that no spreadsheet runs it. Spreadsheets of some countries "
    "split a file at ; a tab, | or a line end, whatever quotes stand round a cell: inside a cell, "
    "an apostrophe stands after such a sign too, where = + - or @ would begin the new cell, as in "
    "a list whose lines begin with a hyphen. Nothing else is changed: without these apostrophes "
    "the cell is the answer as it was given. Every other format has the answer itself: in Excel "
    "files each is a text cell, which Excel never runs."
)
CONFIDENTIAL = (
    "Of a confidential response, this file has the reference, submitted_at, timing and "
    "publication; every other cell is empty, and its files are left out. A response that left "
    "the question about publication open is confidential too. A filter by anything else leaves "
    "confidential responses out."
)
CONFIDENTIAL_SHOWN = (
    "This file has confidential responses with all their evidence, for the project team only: "
    "none of it may be published, quoted or passed on. It never says who gave them. A response "
    "that left the question about publication open is confidential too."
)
FILES_WITHHELD = "Their files are left out."
FILES_SHARED = "Their files are among the attachments, as this call has it."
UNNAMED = (
    "Cells of type “short text” are empty where publication is “anonymous” or “organisation”, "
    "as a role or a place in one's own words may say who answered."
)
UNNAMED_SHOWN = (
    "Cells of type “short text” are empty where publication is “organisation”, as a role or a "
    "place in one's own words may say who answered."
)
NAMES = (
    "This file has only responses whose authors chose to be published with their own or their "
    "organisation's name; of “organisation”, it has the organisation's name and nothing else "
    "that says who answered."
)
NAMES_OF_ALL = (
    "This file says who answered of those too who did not choose to be named; of “organisation”, "
    "it has the organisation's name and nothing else. Publish no name of the others."
)
QUOTING = (
    "Quote a response only where quote_ok is yes and its publication allows it. A confidential "
    "response may have quote_ok yes and still may not be quoted. An empty quote_ok is no "
    "permission to quote. An export of quotable responses only leaves out all that may not be "
    "quoted, whole."
)
PUBLICATION = (
    "A person's name may be published only where publication is “named”, and an organisation's "
    "where it is “named” or “organisation”, whatever this file shows."
)
NEVER_PUBLISHED = (
    "The call asks nobody about publication: use the responses inside the project, and publish "
    "or quote none of them."
)
MOMENTS = (
    "submitted_at is when the response was first submitted, received_at when its latest version "
    "came. Every answer, the timing and the filter by days go by the latest version; the order by "
    "the first. Where a confidential response has submitted_at alone, the filter by days goes by "
    "that."
)
ROWS = (
    "One row a submitted response, in its latest version. Drafts, withdrawn and erased ones are "
    "left out. Unless another order was chosen, the response that was first submitted comes "
    "first. An empty cell is a question that was not answered or not asked."
)
CODING = (
    "CSV files are UTF-8, comma-separated (RFC 4180), lines ended by CR LF, line ends inside an "
    "answer by LF. Times are ISO 8601 with the offset from UTC. In a spreadsheet, import the "
    "file as UTF-8 text rather than opening it by a double click."
)
EXCEL = (
    "In Excel files, submitted_at and received_at are dates and times of the call's time zone, cut "
    "(never rounded) to the millisecond. An answer of more than 32,767 characters, the most that a "
    "cell of Excel holds, goes on in a column named “(continued 2)”, “(continued 3)” and so on: "
    "put together without anything between them, the cells are the answer."
)
CONTROLS = (
    "Control characters, which XML cannot hold, are shown by their pictures (U+2400 to U+241F) "
    "in Excel, Word and REFI-QDA files; U+FFFE and U+FFFF by U+FFFD. PDFs show a character that "
    "their fonts lack by its number, such as [U+4E2D]. CSV and JSON lines have every character "
    "as it was given."
)
IDENTITY = "Says who answers: withheld from every pseudonymised export."
SHORT_TEXT = "Empty where the respondent's choice of publication hides it."
IDENTITY_NAMED = f"Says who answers. {SHORT_TEXT}"
LABELLED = "The cells have the labels, not the keys."
FILE_QUESTION = (
    "Given as files, under the attachments: named by the response's reference and a number."
)
CAMPAIGNS_ALL = "Every response is a row, those of campaigns and duplicates too."
CAMPAIGNS_ONCE = (
    "Of each campaign only the response that stands for it is a row, and of duplicates the one "
    "that staff chose. Responses whose answers are withheld are all rows: nothing says whether "
    "they belong to a campaign."
)


def rules(dataset: Dataset) -> list[tuple[str, str]]:
    """Return what holds for the whole export, as name and text."""
    return [
        ("rows", ROWS),
        *_campaign_rule(dataset),
        ("moments", MOMENTS),
        ("format", CODING),
        ("apostrophes", NEUTRALISING),
        *_consent_rules(dataset),
        ("Excel", EXCEL),
        ("control characters", CONTROLS),
    ]


def _campaign_rule(dataset: Dataset) -> list[tuple[str, str]]:
    chosen = dataset.export_filter.campaigns
    return [("campaigns", CAMPAIGNS_ONCE if chosen == "once" else CAMPAIGNS_ALL)] if chosen else []


def _consent_rules(dataset: Dataset) -> list[tuple[str, str]]:
    """Return what the call's respondents allow, and how much of it the export shows."""
    call, scope = dataset.call, dataset.scope
    if call.publication == PublicationPolicy.NOT_ASKED:
        return [("publication", NEVER_PUBLISHED)]
    confidential = CONFIDENTIAL
    if scope.confidential:
        files = FILES_SHARED if call.shares_confidential_files else FILES_WITHHELD
        confidential = f"{CONFIDENTIAL_SHOWN} {files}"
    found = [("confidential", confidential)]
    if call.publication == PublicationPolicy.NEVER:
        return found
    found.append(("short texts", UNNAMED_SHOWN if scope.includes_unnamed else UNNAMED))
    if scope.named:
        found.append(("names", NAMES_OF_ALL if scope.includes_unnamed else NAMES))
    return [*found, ("quoting", QUOTING), ("publication", PUBLICATION)]


def entries(dataset: Dataset) -> list[tuple[str, ...]]:
    """Return the dictionary's rows: columns, files, what is withheld, the rules."""
    dataset = dataset.as_table()
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
    unnamed = asks_publication(dataset.call) and column.kind == SHORT
    notes = SHORT_TEXT if unnamed else LABELLED if column.has_labels else ""
    if question is not None and says_who(question):
        notes = IDENTITY_NAMED
    return (column.name, column.kind, column.meaning, values, notes)


def dictionary_csv(
    dataset: Dataset,
    *,
    rules_of: Sequence[tuple[str, str]] = (),
    more: tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]] = ((), {}),
    columns_of: Mapping[str, tuple[str, str]] | None = None,
    rules_instead: Mapping[str, str] | None = None,
) -> bytes:
    """Return the data dictionary as CSV.

    `rules_of` are further rules of a format, `more` further columns of the dictionary with what
    they say of a column by its name. `columns_of` are types and meanings by name, of a table that
    has other columns than the responses. `rules_instead` has rules in the place of others, by
    their text; “” is none.
    """
    heads, said = more
    found = entries(dataset)
    if columns_of is not None:
        found = [
            *((name, kind, meaning, "", "") for name, (kind, meaning) in columns_of.items()),
            *(entry for entry in found if entry[1] in {"files", "withheld", "rule"}),
        ]
    if rules_instead is not None:
        said_instead = [(*e[:2], rules_instead.get(e[2], e[2]), *e[3:]) for e in found]
        found = [entry for entry in said_instead if entry[2]]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow((*HEADER, *heads))
    for entry in [*found, *((name, "rule", text, "", "") for name, text in rules_of)]:
        cells = (*entry, *said.get(entry[0], ("",) * len(heads)))
        writer.writerow([neutralise(cell) for cell in cells])
    return file.getvalue().encode()


def pieces(context: ExportContext) -> Pieces:
    yield dictionary_csv(context.dataset)
