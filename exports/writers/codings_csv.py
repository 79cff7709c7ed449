"""The codings of a dataset as a tidy CSV out of PostgreSQL's COPY: one row for each passage."""

from exports.codings_table_sql import COLUMNS
from exports.export_context import ExportContext
from exports.queries import coded_rows
from exports.types import Pieces
from exports.writers.csv_file import CopiedRows

HEADER = ",".join(COLUMNS).encode() + b"\r\n"


def pieces(context: ExportContext) -> Pieces:
    """Yield the CSV in chunks of whole rows, however many there are."""
    rows = iter(CopiedRows(coded_rows(context.dataset), context.lines_done))
    try:
        yield HEADER + next(rows, b"")
        yield from rows
    finally:
        rows.close()
