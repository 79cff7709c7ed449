"""Reading copies as Word files: one document of all, or one a response."""

import io
from collections.abc import Iterator

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from submissions.exports.datasets import records
from submissions.exports.making import Making
from submissions.exports.reading_copy import (
    ReadingCopy,
    about,
    footer,
    reading_copy,
    refuse_too_long,
)
from submissions.exports.shapes import Record
from submissions.exports.xml_text import xml_text
from submissions.exports.zip_stream import ZipStream
from submissions.release import NAME

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOST_WORDS = 500_000


def one_document(making: Making) -> Iterator[bytes]:
    """Yield all responses in one document with contents; raise CannotBeMade if they are many."""
    dataset = making.dataset
    refuse_too_long(dataset, most=MOST_WORDS, kind="Word file")
    document = _blank(making, dataset.call.title)
    document.add_heading(xml_text(dataset.call.title), level=1)
    document.add_paragraph(about(dataset))
    document.add_heading("Contents", level=2)
    end_of_contents = document.add_paragraph()
    for record in records(dataset):
        copy = reading_copy(dataset, record)
        line = end_of_contents.insert_paragraph_before()
        _link(line, copy.reference)
        heading = document.add_heading(level=2)
        heading.paragraph_format.page_break_before = True
        _bookmark(heading, copy.reference, number=making.rows)
        _write(document, copy, heading=heading, level=2)
        making.row_done()
    yield _saved(document)


def one_each(making: Making) -> Iterator[bytes]:
    """Yield a ZIP with a document a response, named by its reference."""
    archive = ZipStream()
    for record in records(making.dataset):
        yield from archive.add(
            f"{record.reference}.docx", [document(making, record)], squeeze=False
        )
        making.row_done()
    yield from archive.end()


def document(making: Making, record: Record) -> bytes:
    copy = reading_copy(making.dataset, record)
    written = _blank(making, f"{copy.reference}: {making.dataset.call.title}")
    _write(written, copy, heading=written.add_heading(level=1), level=1)
    return _saved(written)


def _blank(making: Making, title: str) -> Document:
    document = docx.Document()
    properties = document.core_properties
    at = making.at.replace(tzinfo=None, microsecond=0)
    properties.title, properties.author = xml_text(title), NAME
    properties.comments, properties.language = "", "en-GB"
    properties.created = properties.modified = at
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    document.sections[0].footer.paragraphs[0].text = xml_text(footer(making.dataset))
    return document


def _write(document: Document, copy: ReadingCopy, *, heading: Paragraph, level: int) -> None:
    heading.add_run(copy.reference)
    if copy.notice:
        document.add_paragraph().add_run(copy.notice).bold = True
    for name, value in copy.facts:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{name}: ").bold = True
        paragraph.add_run(xml_text(value))
    for section in copy.sections:
        document.add_heading(xml_text(section.title), level=level + 1)
        for answer in section.answers:
            document.add_heading(xml_text(answer.question), level=level + 2)
            for line in answer.lines:
                document.add_paragraph(xml_text(line), style="List Bullet")
            if answer.text:
                for paragraph in xml_text(answer.text).split("\n"):
                    document.add_paragraph(paragraph)
    if copy.files:
        document.add_heading("Files", level=level + 1)
        for name in copy.files:
            document.add_paragraph(name, style="List Bullet")


def _bookmark(paragraph: Paragraph, name: str, *, number: int) -> None:
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark in (start, end):
        mark.set(qn("w:id"), str(number))
    start.set(qn("w:name"), _mark(name))
    paragraph._p.append(start)
    paragraph._p.append(end)


def _link(paragraph: Paragraph, name: str) -> None:
    """A link within the document; python-docx has no function for one."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), _mark(name))
    run = paragraph.add_run(name)
    run.underline = True
    link.append(run._r)
    paragraph._p.append(link)


def _mark(reference: str) -> str:
    return f"response_{reference.replace('-', '_')}"


def _saved(document: Document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
