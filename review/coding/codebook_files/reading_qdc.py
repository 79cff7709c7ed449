"""Reads a codebook in REFI-QDA (.qdc), or that of a project's XML, whichever program wrote it.

Elements are found by their local names: programs write several versions of the namespace. A code
that cannot be coded with there (`isCodable="false"`) is a code like the others here.
"""

from lxml import etree

from review.coding.codebook import one_line
from review.coding.codebook_files import descriptions
from review.coding.codebook_files.contents import Collected, FileBook
from review.coding.codebook_files.paths import ByPaths, dotted
from review.errors import CodingRefused
from submissions.responses.file_types.packages import local_name, parse_xml
from submissions.responses.file_types.refusals import NotTaken

TAGUETTE = "Taguette"
NO_XML = "The file is not whole, or no XML that can be read: export the codebook again"


def read_qdc(content: bytes) -> FileBook:
    """Return what the file says. Raises CodingRefused for one that is no codebook."""
    try:
        root = parse_xml(content)
    except NotTaken:
        raise CodingRefused(NO_XML) from None
    origin = " ".join(root.get("origin", "").split())[:60]
    book = root if local_name(root) == "CodeBook" else _child(root, "CodeBook")
    codes = None if book is None else _child(book, "Codes")
    if book is None or codes is None:
        raise CodingRefused("The file is XML, and no codebook of REFI-QDA (.qdc)")
    collected, notes = Collected(), []
    if origin.startswith(TAGUETTE):
        _flat(codes, collected)
    else:
        groups = _nested(codes, collected)
        if groups:
            notes.append(f"Codes that only group others there, and take codings here: {groups}")
    sets = _child(book, "Sets")
    if sets is not None and (number := len(_children(sets, "Set"))):
        notes.append(f"Sets of codes are left out: {number}")
    what = f"REFI-QDA, written by {origin}" if origin else "REFI-QDA"
    return collected.book("qdc", what, notes)


def _nested(codes: "etree._Element", collected: Collected) -> int:
    """Take each code before those in it; return how many only group others."""
    groups = 0
    waiting: list[tuple[etree._Element, int | None]] = []
    waiting += [(child, None) for child in reversed(_children(codes, "Code"))]
    while waiting:
        element, parent = waiting.pop()
        words, is_retired = descriptions.read(_description(element))
        is_group = element.get("isCodable", "").strip() in {"false", "0"}
        groups += is_group and is_retired is None
        number = collected.add(
            place=_place(element),
            name=element.get("name", ""),
            words=words | {"colour": element.get("color", "")},
            parent=parent,
            guid=element.get("guid", ""),
            is_retired=is_retired,
        )
        waiting += [(child, number) for child in reversed(_children(element, "Code"))]
    return groups


def _flat(codes: "etree._Element", collected: Collected) -> None:
    """Take Taguette's codes. Their GUIDs are those of their names, the same in each project."""
    elements = _children(codes, "Code")
    levels = dotted(element.get("name", "") for element in elements)
    paths = ByPaths(collected)
    for element in elements:
        words, _ = descriptions.read(_description(element))
        paths.add(levels[one_line(element.get("name", ""))], place=_place(element), words=words)


def _description(element: "etree._Element") -> str:
    parts = [child.xpath("string()") for child in _children(element, "Description")]
    return "\n\n".join(parts)


def _place(element: "etree._Element") -> str:
    return f"line {element.sourceline}"


def _child(element: "etree._Element", name: str) -> "etree._Element | None":
    return next(iter(_children(element, name)), None)


def _children(element: "etree._Element", name: str) -> "list[etree._Element]":
    return [child for child in element if local_name(child) == name]
