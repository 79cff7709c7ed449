"""Reading copies as Word files: one document of all, or one per response."""

import io
import tempfile
from collections.abc import Iterator

from core.word_file import (
    SMALL,
    WordFrame,
    bold,
    contents_line,
    heading,
    paragraph,
    paragraphs_of_lines,
    run,
)
from core.word_template import BULLET
from core.zip_stream import ZipStream
from exports.export_context import ExportContext
from exports.queries import records
from exports.types import Dataset, Pieces, Record
from exports.writers.reading_copy import (
    ReadingCopy,
    about,
    footer,
    paragraphs,
    reading_copy,
    refuse_too_long,
    title,
)

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST_WORDS = 1_000_000  # more, and Word itself is slow to open it
PIECE = 256 * 1024  # bytes


def refuse_unless_it_fits(dataset: Dataset) -> None:
    """Raise UnsupportedByFormat if one document cannot hold all responses."""
    refuse_too_long(dataset, most=MOST_WORDS, kind="Word file")


def one_document(context: ExportContext) -> Pieces:
    """Yield all responses in one document with contents.

    Raises UnsupportedByFormat if they are many.
    """
    dataset = context.dataset
    refuse_unless_it_fits(dataset)
    with tempfile.TemporaryFile(prefix="portal-docx-") as file:
        around = WordFrame(footer=footer(dataset), at=context.at, has_contents=True)
        around.write(file, title=dataset.call.title, body=_all(context))
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def one_each(context: ExportContext) -> Pieces:
    """Yield a ZIP with a document per response, named by its reference."""
    archive = ZipStream()
    around = frame(context)
    for record in records(context.dataset):
        written = document(context, record, around)
        yield from archive.add(f"{record.reference}.docx", [written], compress=False)
        context.row_done()
    yield from archive.end()


def frame(context: ExportContext) -> WordFrame:
    return WordFrame(footer=footer(context.dataset), at=context.at)


def document(context: ExportContext, record: Record, around: WordFrame) -> bytes:
    copy = reading_copy(context.dataset, record)
    name = f"{copy.reference}: {context.dataset.call.title}"
    body = [heading(copy.reference, 1), *_response(copy, level=1)]
    file = io.BytesIO()
    around.write(file, title=name, body=body)
    return file.getvalue()


def _all(context: ExportContext) -> Iterator[str]:
    """Yield the body of one document of all: the contents, then each response.

    That reads the responses twice, so that memory does not grow with them.
    """
    dataset = context.dataset
    yield heading(dataset.call.title, 1)
    yield paragraph(run(about(dataset)))
    yield heading("Contents", 2)
    for number, record in enumerate(records(dataset), start=1):
        yield contents_line(title(dataset, record, number), _mark(record.reference))
    for number, record in enumerate(records(dataset), start=1):
        mark = _mark(record.reference)
        yield heading(title(dataset, record, number), 2, mark=mark, number=number)
        yield from _response(reading_copy(dataset, record), level=2)
        context.row_done()


def _response(copy: ReadingCopy, *, level: int) -> Iterator[str]:
    if copy.notice:
        yield paragraph(bold(copy.notice))
    yield paragraph(run(copy.facts, look=SMALL))
    for section in copy.sections:
        yield heading(section.title, level + 1)
        for answer in section.answers:
            yield heading(answer.question, level + 2)
            for line in answer.lines:
                yield paragraph(run(line), style=BULLET)
            if answer.text:
                for lines in paragraphs(answer.text):
                    yield from paragraphs_of_lines(lines)
    if copy.files:
        yield heading("Files", level + 1)
        for name in copy.files:
            yield paragraph(run(name), style=BULLET)


def _mark(reference: str) -> str:
    return f"response_{reference.replace('-', '_')}"
