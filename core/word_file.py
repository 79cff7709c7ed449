"""Word files (ECMA-376), written paragraph by paragraph.

python-docx makes the frame, with its styles, once. This file writes the paragraphs into it as XML:
python-docx looks up each style again for each paragraph, which takes a hundred times longer.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import IO
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from core.direction import is_from_right
from core.release import NAME
from core.word_template import TABLE, darken_headings, leave_out_unused
from core.xml_text import xml_text
from core.zip_stream import small_member

DOCUMENT = "word/document.xml"
PROPERTIES = "docProps/core.xml"
BODY = "body-goes-here"
TITLE = "title-goes-here"
A4 = (Mm(210), Mm(297))
MARGIN = Mm(25)
# A table's, in twentieths of a point: its whole, the room between two lines of it, of a character
# of a short cell, and of each more of a long one.
WIDTH, BETWEEN, SHORT, MORE = 9071, 216, 180, 50
SHORTEST, LONGEST = 20, 64  # characters: what is longer may be broken, and takes no more room
FROM_RIGHT = "<w:rtl/>"
SMALL = '<w:sz w:val="16"/><w:szCs w:val="16"/>'  # half points
CONTENTS = "toc1"
HANGING = Mm(10)  # where the second line of an entry of the contents begins
# What stands for a page's number until a program has laid the pages out.
NOT_YET = "…"
BREAK = "<w:r><w:br/></w:r>"
AT_ONCE = 64 * 1024  # characters


class WordFrame:
    """All of a Word file but its title and its body; `footer` stands under each page.

    With `has_contents`, the body may have `contents_line`, and Word asks the person who opens the
    file whether it may fill in the numbers of pages.
    """

    def __init__(self, *, footer: str, at: datetime, has_contents: bool = False) -> None:
        document = docx.Document()
        properties = document.core_properties
        properties.title, properties.author, properties.comments = TITLE, NAME, ""
        properties.language = "en-GB"
        properties.created = properties.modified = at.replace(tzinfo=None, microsecond=0)
        for language in document.styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), "en-GB")
        lay_out_pages(document, footer)
        darken_headings(document)
        document.add_paragraph(BODY)
        leave_out_unused(document)
        if has_contents:
            _make_room_for_contents(document)
        file = io.BytesIO()
        document.save(file)
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        written = parts.pop(DOCUMENT).decode()
        marker = written.index(BODY)
        start, end = written.rindex("<w:p>", 0, marker), written.index("</w:p>", marker)
        self._head, self._foot = written[:start], written[end + len("</w:p>") :]
        self._properties = parts.pop(PROPERTIES).decode()
        unchanging = io.BytesIO()
        with zipfile.ZipFile(unchanging, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, part in parts.items():
                archive.writestr(small_member(name), part)
        self._unchanging = unchanging.getvalue()

    def write(self, file: IO[bytes], *, title: str, body: Iterable[str]) -> None:
        """Write a Word file; `paragraph`, `heading` and `link` make its body.

        It adds two parts to an archive of all others, so that these are packed once.
        """
        file.write(self._unchanging)
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            properties = self._properties.replace(TITLE, escape(xml_text(title)))
            archive.writestr(small_member(PROPERTIES), properties.encode())
            with archive.open(small_member(DOCUMENT), "w") as document:
                document.write(self._head.encode())
                for piece in _larger(body):
                    document.write(piece.encode())
                document.write(self._foot.encode())


def _larger(body: Iterable[str]) -> Iterator[str]:
    """Yield the body in pieces of some size: to pack each by itself takes time."""
    pieces: list[str] = []
    length = 0
    for piece in body:
        pieces.append(piece)
        length += len(piece)
        if length >= AT_ONCE:
            yield "".join(pieces)
            pieces, length = [], 0
    yield "".join(pieces)


def lay_out_pages(document: Document, footer: str, *, of: str = " of ") -> None:
    """Make the pages A4, with `footer` and the number of the page under each."""
    section = document.sections[0]
    section.page_width, section.page_height = A4
    section.left_margin = section.right_margin = MARGIN
    foot = section.footer.paragraphs[0]
    foot.text = f"{xml_text(footer)}\t"
    stops = document.styles["Footer"].paragraph_format.tab_stops
    stops.clear_all()
    stops.add_tab_stop(A4[0] - 2 * MARGIN, WD_TAB_ALIGNMENT.RIGHT)
    _add_field(foot, "PAGE")
    foot.add_run(of)
    _add_field(foot, "NUMPAGES")


def _make_room_for_contents(document: Document) -> None:
    style = document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    style.base_style = document.styles["Normal"]
    look = style.paragraph_format
    look.left_indent, look.first_line_indent, look.right_indent = HANGING, -HANGING, HANGING
    look.space_after = Pt(4)
    look.tab_stops.add_tab_stop(A4[0] - 2 * MARGIN, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    # The schema has it before w:compat, which is all that there is.
    update = OxmlElement("w:updateFields")
    update.set(qn("w:val"), "true")
    document.settings.element.insert(0, update)


def _add_field(paragraph: Paragraph, name: str) -> None:
    """Add a field that Word fills in, such as the number of the page."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def paragraph(*runs: str, style: str = "", settings: str = "") -> str:
    """Return a paragraph of runs, from the right if its first run is.

    `settings` are further elements of its properties.
    """
    from_right = any(FROM_RIGHT in first.partition("</w:rPr>")[0] for first in runs[:1])
    return _paragraph("".join(runs), style=style, settings=settings, from_right=from_right)


def paragraphs_of_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield one paragraph with line breaks; several where the lines are read from both sides."""
    for from_right, group in groupby(_with_sides(lines), key=itemgetter(0)):
        runs = BREAK.join(run(line) for _, line in group)
        yield _paragraph(runs, from_right=from_right)


def _with_sides(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Yield each line and whether it is read from the right; without a letter as those around."""
    side = next((is_from_right(line) for line in lines if _has_letter(line)), False)
    for line in lines:
        side = is_from_right(line) if _has_letter(line) else side
        yield side, line


def _has_letter(line: str) -> bool:
    return any(character.isalpha() for character in line)


def _paragraph(runs: str, *, style: str = "", settings: str = "", from_right: bool) -> str:
    if style:
        settings = f'<w:pStyle w:val="{style}"/>{settings}'
    if from_right:
        # The schema has it before indents.
        before, indent, after = settings.partition("<w:ind ")
        settings = f"{before}<w:bidi/>{indent}{after}"
    properties = f"<w:pPr>{settings}</w:pPr>" if settings else ""
    return f"<w:p>{properties}{runs}</w:p>"


def heading(text: str, level: int, *, mark: str = "", number: int = 0) -> str:
    """Return a heading; one with a `mark`, which links lead to, begins a page."""
    if not mark:
        return paragraph(run(text), style=f"Heading{level}")
    start = f'<w:bookmarkStart w:id="{number}" w:name="{mark}"/>'
    end = f'<w:bookmarkEnd w:id="{number}"/>'
    return _paragraph(
        start + run(text) + end,
        style=f"Heading{level}",
        settings="<w:pageBreakBefore/>",
        from_right=is_from_right(text),
    )


def contents_line(text: str, mark: str) -> str:
    """Return an entry of the contents: a link to the heading that has `mark`, and its page.

    The page is a field of its own (PAGEREF): LibreOffice fills it in
    as it opens the file, Word as soon as the person says that it may.
    """
    parts = (
        run(text),
        "<w:r><w:tab/></w:r>",
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        f'<w:r><w:instrText xml:space="preserve"> PAGEREF {mark} \\h </w:instrText></w:r>',
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>',
        run(NOT_YET),
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    linked = f'<w:hyperlink w:anchor="{mark}">{"".join(parts)}</w:hyperlink>'
    return paragraph(linked, style=CONTENTS)


def bold(text: str) -> str:
    return run(text, look="<w:b/>")


def run(text: str, *, look: str = "") -> str:
    """Return text on one line; a tab is an element of its own."""
    if is_from_right(text):
        look += FROM_RIGHT
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    if "\t" not in text:
        said = f'<w:t xml:space="preserve">{escape(xml_text(text))}</w:t>' if text else ""
        return f"<w:r>{properties}{said}</w:r>"
    parts = "<w:tab/>".join(
        f'<w:t xml:space="preserve">{escape(part)}</w:t>' if part else ""
        for part in xml_text(text).split("\t")
    )
    return f"<w:r>{properties}{parts}</w:r>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with lines; its first row is repeated on each page, and none is parted."""
    lines = list(rows)
    widths = _widths([header, *lines])
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    first = _row([bold(name) for name in header], widths, settings="<w:tblHeader/>")
    others = "".join(_row([run(cell) for cell in line], widths) for line in lines)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{TABLE}"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{first}{others}</w:tbl>"
    )


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is: by its longest cell, as LibreOffice makes them all alike."""
    longest = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    wanted = [
        BETWEEN + SHORT * min(n, SHORTEST) + MORE * max(min(n, LONGEST) - SHORTEST, 0)
        for n in longest
    ]
    return [WIDTH * width // sum(wanted) for width in wanted]


def _row(cells: Sequence[str], widths: Sequence[int], *, settings: str = "") -> str:
    written = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{paragraph(cell)}</w:tc>'
        for cell, width in zip(cells, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{settings}</w:trPr>{written}</w:tr>"
