"""Reading copies as tagged PDFs (PDF/UA-1): one document of all, or one per response."""

from pathlib import Path
from typing import Any

from core import typesetting
from core.zip_stream import ZipStream
from exports.export_context import ExportContext
from exports.queries import records
from exports.types import Dataset, Pieces, Record
from exports.writers.reading_copy import about, as_data, footer, reading_copy, refuse_too_long

CONTENT_TYPE = "application/pdf"
TEMPLATE = Path(__file__).with_name("reading_copy.typ").read_text(encoding="utf-8")
# Typst lays a document out in memory: about 4 kB a word.
MOST_WORDS = 200_000


def one_document(context: ExportContext) -> Pieces:
    """Yield all responses in one document with contents.

    Raises UnsupportedByFormat if they are many.
    """
    dataset = context.dataset
    refuse_too_long(dataset, most=MOST_WORDS, kind="PDF")
    copies = []
    for record in records(dataset):
        copies.append(as_data(reading_copy(dataset, record)))
        context.row_done()
    yield _typeset(context, dataset.call.title, copies, contents=True)


def one_each(context: ExportContext) -> Pieces:
    """Yield a ZIP with a document per response, named by its reference."""
    archive = ZipStream()
    for record in records(context.dataset):
        yield from archive.add(
            f"{record.reference}.pdf", [document(context, record)], compress=False
        )
        context.row_done()
    yield from archive.end()


def document(context: ExportContext, record: Record) -> bytes:
    dataset: Dataset = context.dataset
    title = f"{record.reference}: {dataset.call.title}"
    return _typeset(context, title, [as_data(reading_copy(dataset, record))], contents=False)


def _typeset(
    context: ExportContext, title: str, copies: list[dict[str, Any]], *, contents: bool
) -> bytes:
    dataset = context.dataset
    data = {
        "title": title,
        "authors": list(dataset.call.partners),
        "about": about(dataset) if contents else "",
        "footer": footer(dataset),
        "contents": contents,
        "responses": copies,
    }
    return typesetting.pdf(TEMPLATE, data, seconds=int(context.at.timestamp()))
