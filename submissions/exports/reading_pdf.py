"""Reading copies as tagged PDFs (PDF/UA-1): one document of all, or one a response."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from submissions import typesetting
from submissions.exports.datasets import records
from submissions.exports.making import Making
from submissions.exports.reading_copy import (
    about,
    as_data,
    footer,
    reading_copy,
    refuse_too_long,
)
from submissions.exports.shapes import Dataset, Record
from submissions.exports.zip_stream import ZipStream

CONTENT_TYPE = "application/pdf"
TEMPLATE = Path(__file__).with_name("reading_copy.typ").read_text(encoding="utf-8")
# Typst lays a document out in memory: about 4 kB a word.
MOST_WORDS = 200_000


def one_document(making: Making) -> Iterator[bytes]:
    """Yield all responses in one document with contents; raise CannotBeMade if they are many."""
    dataset = making.dataset
    refuse_too_long(dataset, most=MOST_WORDS, kind="PDF")
    copies = []
    for record in records(dataset):
        copies.append(as_data(reading_copy(dataset, record)))
        making.row_done()
    yield _typeset(making, dataset.call.title, copies, contents=True)


def one_each(making: Making) -> Iterator[bytes]:
    """Yield a ZIP with a document a response, named by its reference."""
    archive = ZipStream()
    for record in records(making.dataset):
        yield from archive.add(f"{record.reference}.pdf", [document(making, record)], squeeze=False)
        making.row_done()
    yield from archive.end()


def document(making: Making, record: Record) -> bytes:
    dataset: Dataset = making.dataset
    title = f"{record.reference}: {dataset.call.title}"
    return _typeset(making, title, [as_data(reading_copy(dataset, record))], contents=False)


def _typeset(making: Making, title: str, copies: list[dict[str, Any]], *, contents: bool) -> bytes:
    dataset = making.dataset
    data = {
        "title": title,
        "authors": list(dataset.call.partners),
        "about": about(dataset) if contents else "",
        "footer": footer(dataset),
        "contents": contents,
        "responses": copies,
    }
    return typesetting.pdf(TEMPLATE, data, seconds=int(making.at.timestamp()))
