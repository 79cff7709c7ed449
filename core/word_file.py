"""Word files (ECMA-376), written paragraph by paragraph.

python-docx makes the frame, with its styles, once. This file writes the paragraphs into it as XML:
python-docx looks up each style again for each paragraph, which takes a hundred times longer.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from core.release import NAME
from core.xml_text import xml_text
from core.zip_stream import small_member

DOCUMENT = "word/document.xml"
PROPERTIES = "docProps/core.xml"
BODY = "body-goes-here"
TITLE = "title-goes-here"
BULLET = "ListBullet"
A4 = (Mm(210), Mm(297))
MARGIN = Mm(25)


class WordFrame:
    """All of a Word file but its title and its body; `footer` stands under each page."""

    def __init__(self, *, footer: str, at: datetime) -> None:
        document = docx.Document()
        properties = document.core_properties
        properties.title, properties.author, properties.comments = TITLE, NAME, ""
        properties.language = "en-GB"
        properties.created = properties.modified = at.replace(tzinfo=None, microsecond=0)
        for language in document.styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), "en-GB")
        _lay_out_pages(document, footer)
        document.add_paragraph(BODY)
        file = io.BytesIO()
        document.save(file)
        with zipfile.ZipFile(file) as archive:
            self._parts = {name: archive.read(name) for name in archive.namelist()}
        written = self._parts[DOCUMENT].decode()
        marker = written.index(BODY)
        start, end = written.rindex("<w:p>", 0, marker), written.index("</w:p>", marker)
        self._head, self._foot = written[:start], written[end + len("</w:p>") :]

    def write(self, file: IO[bytes], *, title: str, body: Iterable[str]) -> None:
        """Write a Word file; `paragraph`, `heading` and `link` make its body."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, part in self._parts.items():
                if name == DOCUMENT:
                    continue
                if name == PROPERTIES:
                    part = part.replace(TITLE.encode(), escape(xml_text(title)).encode())
                archive.writestr(small_member(name), part)
            with archive.open(small_member(DOCUMENT), "w", force_zip64=True) as document:
                document.write(self._head.encode())
                for piece in body:
                    document.write(piece.encode())
                document.write(self._foot.encode())


def _lay_out_pages(document: Document, footer: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = A4
    section.left_margin = section.right_margin = MARGIN
    foot = section.footer.paragraphs[0]
    foot.text = f"{xml_text(footer)}\t"
    stops = document.styles["Footer"].paragraph_format.tab_stops
    stops.clear_all()
    stops.add_tab_stop(A4[0] - 2 * MARGIN, WD_TAB_ALIGNMENT.RIGHT)
    _add_field(foot, "PAGE")
    foot.add_run(" of ")
    _add_field(foot, "NUMPAGES")


def _add_field(paragraph: Paragraph, name: str) -> None:
    """Add a field that Word fills in, such as the number of the page."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def paragraph(*runs: str, style: str = "", settings: str = "") -> str:
    """Return a paragraph of runs; `settings` are further elements of its properties."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    properties = f"<w:pPr>{named}{settings}</w:pPr>" if named or settings else ""
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def heading(text: str, level: int, *, mark: str = "", number: int = 0) -> str:
    """Return a heading; one with a `mark`, which links lead to, begins a page."""
    if not mark:
        return paragraph(run(text), style=f"Heading{level}")
    start = f'<w:bookmarkStart w:id="{number}" w:name="{mark}"/>'
    end = f'<w:bookmarkEnd w:id="{number}"/>'
    return paragraph(
        start, run(text), end, style=f"Heading{level}", settings="<w:pageBreakBefore/>"
    )


def link(text: str, mark: str) -> str:
    """Return a link to the heading that has `mark`."""
    underlined = run(text, look='<w:u w:val="single"/>')
    return f'<w:hyperlink w:anchor="{mark}">{underlined}</w:hyperlink>'


def bold(text: str) -> str:
    return run(text, look="<w:b/>")


def run(text: str, *, look: str = "") -> str:
    """Return text on one line; a tab is an element of its own."""
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    parts = "<w:tab/>".join(
        f'<w:t xml:space="preserve">{escape(part)}</w:t>' if part else ""
        for part in xml_text(text).split("\t")
    )
    return f"<w:r>{properties}{parts}</w:r>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with lines; its first row is repeated on each page."""
    repeated = "<w:trPr><w:tblHeader/></w:trPr>"
    grid = "<w:gridCol/>" * len(header)
    lines = "".join(_row([run(cell) for cell in row]) for row in rows)
    return (
        '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>"
        f"{_row([bold(name) for name in header], settings=repeated)}{lines}</w:tbl>"
    )


def _row(cells: Sequence[str], *, settings: str = "") -> str:
    written = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells)
    return f"<w:tr>{settings}{written}</w:tr>"
