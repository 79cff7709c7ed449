"""Reading copies as tagged PDFs (PDF/UA-1): one document of all, or one per response."""

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.typesetters import Typesetters, TypesettingFailed, processes_for
from core.zip_stream import ZipStream
from exports.export_context import ExportContext
from exports.queries import count, records
from exports.types import Dataset, Pieces, Record
from exports.writers.reading_copy import (
    about,
    as_data,
    footer,
    reading_copy,
    refuse_too_long,
    title,
)

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/pdf"
TEMPLATE = Path(__file__).with_name("reading_copy.typ").read_text(encoding="utf-8")
# Typst lays a document out in the memory of its process: about 4 kB a word.
MOST_WORDS = 200_000
# Documents that fail before it is plain that no response is to blame.
MOST_LEFT_OUT = 20
NOT_MADE = (
    "Something went wrong while it was made. Take this response in another format, and tell the "
    "people who run the portal."
)


def refuse_unless_it_fits(dataset: Dataset) -> None:
    """Raise UnsupportedByFormat if one document cannot hold all responses."""
    refuse_too_long(dataset, most=MOST_WORDS, kind="PDF")


def one_document(context: ExportContext) -> Pieces:
    """Yield all responses in one document with contents.

    Raises UnsupportedByFormat if they are many.
    """
    dataset = context.dataset
    refuse_unless_it_fits(dataset)
    copies = [
        as_data(reading_copy(dataset, record), head=title(dataset, record, number))
        for number, record in enumerate(records(dataset), start=1)
    ]
    data = _data(context, dataset.call.title, copies, contents=True)
    with Typesetters(TEMPLATE, number=1, meanwhile=context.still_at_work) as typesetters:
        for made in typesetters.pdfs([data], seconds=_seconds(context)):
            if isinstance(made, TypesettingFailed):
                raise made
            yield made
    context.row_done(len(copies))


def one_each(context: ExportContext) -> Pieces:
    """Yield a ZIP with a document per response, named by its reference.

    One that cannot be made is left out. Raises TypesettingFailed where more than MOST_LEFT_OUT are.
    """
    archive = ZipStream()
    references: deque[str] = deque()

    def documents() -> Iterator[dict[str, Any]]:
        for record in records(context.dataset):
            references.append(record.reference)
            yield document(context, record)

    number = processes_for(count(context.dataset))
    with Typesetters(TEMPLATE, number=number, meanwhile=context.still_at_work) as typesetters:
        for made in typesetters.pdfs(documents(), seconds=_seconds(context)):
            name = f"{references.popleft()}.pdf"
            if isinstance(made, TypesettingFailed):
                logger.error("%s was not made", name, exc_info=made)
                context.left_out[name] = NOT_MADE
                if len(context.left_out) > MOST_LEFT_OUT:
                    raise made
            else:
                yield from archive.add(name, [made], compress=False)
            context.row_done()
    yield from archive.end()


def document(context: ExportContext, record: Record) -> dict[str, Any]:
    name = f"{record.reference}: {context.dataset.call.title}"
    copy = as_data(reading_copy(context.dataset, record), head=record.reference)
    return _data(context, name, [copy], contents=False)


def _data(
    context: ExportContext, name: str, copies: list[dict[str, Any]], *, contents: bool
) -> dict[str, Any]:
    dataset = context.dataset
    return {
        "title": name,
        "authors": list(dataset.call.partners),
        "about": about(dataset) if contents else "",
        "footer": footer(dataset),
        "contents": contents,
        "responses": copies,
    }


def _seconds(context: ExportContext) -> int:
    return int(context.at.timestamp())
