"""CSV files in a ZIP with their dictionary: for Excel, in long form, and with a script for R."""

from collections.abc import Iterator

from core.safe_cells import SKIPPED, WHITE_SPACE
from core.zip_stream import ZipStream
from exports.export_context import ExportContext
from exports.one_column import NUMBER, ONE, TICK, TIME, YES_NO, Column
from exports.types import Dataset, Pieces
from exports.writers import csv_file, long_csv
from exports.writers.dictionary import CODING, DICTIONARY_NAME, dictionary_csv

BOM = b"\xef\xbb\xbf"  # by which Excel sees on a double click that a file is UTF-8
IN_EXCEL = (
    "Both files are UTF-8 with a byte order mark, comma-separated (RFC 4180), lines ended by CR "
    "LF, line ends inside an answer by LF. Excel opens them by a double click, and then reads 007 "
    "as 7 and 2019-07-24 as a date: the portal's Excel file avoids that. Times are ISO 8601 with "
    "the offset from UTC."
)
LOAD = """\
# Loads responses.csv with every cell as it was given, and puts the labels on it. In R:
#     setwd("the folder with these files"); source("load.R", encoding = "UTF-8")
# Then `responses` is a data frame: choices are factors, times are POSIXct, numbers are integers,
# all else is text. attr(responses$roles, "label") is a question. Needs no package.

responses <- read.csv("responses.csv", colClasses = "character", na.strings = "",
                      check.names = FALSE, strip.white = FALSE, encoding = "UTF-8")

# Takes away the apostrophes that keep spreadsheets from running an answer.
without_apostrophes <- function(cells) {
  signs <- "[-=+@\\uff0d\\uff1d\\uff0b\\uff20]"
  space <- "[WHITE_SPACE]*"
  after <- paste0("([;|\\t\\r\\n])'([SKIPPED]*", signs, ")")
  cells <- gsub(after, "\\\\1\\\\2", cells, perl = TRUE)
  sub(paste0("^'(", space, "(", signs, "|\\t|\\r))"), "\\\\1", cells, perl = TRUE)
}
responses[] <- lapply(responses, without_apostrophes)

as_moment <- function(cells) {
  as.POSIXct(sub(":([0-9]{2})$", "\\\\1", cells), format = "%Y-%m-%dT%H:%M:%OS%z", tz = "UTC")
}
"""


def for_excel(context: ExportContext) -> Pieces:
    """Yield the CSV with a byte order mark, and its dictionary with one."""
    archive = ZipStream()
    yield from archive.add("responses.csv", _with_bom(csv_file.pieces(context)))
    written = dictionary_csv(context.dataset, rules_instead={CODING: IN_EXCEL})
    yield from archive.add(DICTIONARY_NAME, [BOM, written])
    yield from archive.end()


def in_long_form(context: ExportContext) -> Pieces:
    archive = ZipStream()
    yield from archive.add("answers.csv", long_csv.pieces(context))
    written = dictionary_csv(
        context.dataset, columns_of=long_csv.COLUMNS, rules_instead=long_csv.RULES
    )
    yield from archive.add(DICTIONARY_NAME, [written])
    yield from archive.end()


def for_r(context: ExportContext) -> Pieces:
    archive = ZipStream()
    dataset = context.dataset.as_table()
    yield from archive.add("responses.csv", csv_file.pieces(context))
    yield from archive.add("load.R", [load_script(dataset)])
    yield from archive.add(DICTIONARY_NAME, [dictionary_csv(dataset)])
    yield from archive.end()


def script_pieces(context: ExportContext) -> Pieces:
    yield load_script(context.dataset.as_table())


def load_script(dataset: Dataset) -> bytes:
    """Return the script that loads the CSV beside it and puts labels on its columns."""
    load = LOAD.replace("WHITE_SPACE", "".join(map(_in_ascii, WHITE_SPACE)))
    load = load.replace("SKIPPED", "".join(map(_in_ascii, SKIPPED)))
    return (load + "".join(_lines(dataset))).encode()


def _with_bom(pieces: Pieces) -> Iterator[bytes]:
    yield BOM
    yield from pieces


def _lines(dataset: Dataset) -> Iterator[str]:
    zone = dataset.call.timezone
    for column in dataset.columns:
        place = f"responses[[{_quoted(column.name)}]]"
        if column.kind == NUMBER:
            yield f"{place} <- as.integer({place})\n"
        elif column.kind == TIME:
            yield f'{place} <- as_moment({place}); attr({place}, "tzone") <- {_quoted(zone)}\n'
        elif column.values and (column.kind in {ONE, TICK, YES_NO} or column.derived_from):
            yield _factor(place, column)
        yield f'attr({place}, "label") <- {_quoted(column.meaning)}\n'


def _factor(place: str, column: Column) -> str:
    """Return the line that makes a factor; a key that is no option any more stays as it is."""
    # Two options may have one label; where it is what the cells have, R takes it once.
    found = {str(label) if column.has_labels else key: str(label) for key, label in column.values}
    levels, labels = (", ".join(map(_quoted, those)) for those in (found.keys(), found.values()))
    more = f"setdiff({place}, c(NA, {levels}))"
    return (
        f"more <- {more}\n"
        f"{place} <- factor({place}, levels = c({levels}, more), labels = c({labels}, more))\n"
    )


def _quoted(text: str) -> str:
    """Return a string of R in ASCII, which R reads alike in every locale."""
    return f'"{"".join(map(_in_ascii, text))}"'


def _in_ascii(character: str) -> str:
    if character.isascii() and character.isprintable() and character not in '"\\':
        return character
    return f"\\U{{{ord(character):x}}}"
