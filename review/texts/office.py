"""The text of DOCX and ODT: what a reader sees on the page, without what was deleted from it.

Comments are left out, too: they name their authors.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from review.texts.collecting import Collected
from submissions.responses.file_types.archives import MOST_BYTES_OF_XML, Archive
from submissions.responses.file_types.packages import Package, local_name
from submissions.responses.file_types.refusals import DAMAGED, NotTaken

# What was deleted or moved away, fields' commands, the second form of the same text box.
NOT_SEEN = {"Fallback", "moveFrom", "del", "instrText", "tracked-changes", "annotation", "rPh"}
PARAGRAPHS = {"p", "h"}
STANDS_FOR = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "line-break": "\n"}
ALSO_READ = ("footnotes+xml", "endnotes+xml")
MOST_SPACES = 100


def read_docx(file: BinaryIO, collected: Collected) -> None:
    package = Package(file)
    main = package.main_part()
    notes = [name for name in package.names if package.content_type(name).endswith(ALSO_READ)]
    for name in [main, *sorted(notes)]:
        for element in elements(package.read_xml(name), {"p"}):
            collected.add("".join(_runs(element)) + "\n")


def read_odt(file: BinaryIO, collected: Collected) -> None:
    content = Archive(file).read("content.xml", most=MOST_BYTES_OF_XML)
    for element in elements(content, PARAGRAPHS):
        collected.add("".join(_mixed(element)) + "\n")


def elements(content: bytes, names: set[str]) -> Iterator["etree._Element"]:
    """Yield the elements of these local names that are seen, each whole, and empty it afterwards.

    There is never a tree of the whole part. Raises NotTaken for what is no XML.
    """
    parser = etree.iterparse(
        io.BytesIO(content), resolve_entities=False, no_network=True, load_dtd=False
    )
    try:
        for _event, element in parser:
            if local_name(element) not in names:
                continue
            if not any(local_name(above) in NOT_SEEN for above in element.iterancestors()):
                yield element
            element.clear(keep_tail=True)
            while (before := element.getprevious()) is not None and local_name(before) in names:
                before.getparent().remove(before)
    except etree.XMLSyntaxError:
        raise NotTaken(DAMAGED) from None


def _runs(element: "etree._Element") -> Iterator[str]:
    """Yield the texts of a paragraph of Word: they are in elements of their own."""
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in STANDS_FOR:
            yield STANDS_FOR[name]
        elif name and name not in NOT_SEEN and name != "pPr":
            yield from _runs(child)


def _mixed(element: "etree._Element") -> Iterator[str]:
    """Yield the texts of a paragraph of OpenDocument: they stand between the elements."""
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name == "s":
            number = child.get(f"{{{etree.QName(child).namespace}}}c", "1")
            yield " " * min(int(number) if number.isdecimal() else 1, MOST_SPACES)
        elif name in STANDS_FOR:
            yield STANDS_FOR[name]
        elif name and name not in NOT_SEEN:
            yield from _mixed(child)
        yield child.tail or ""
