"""DOCX and XLSX: documents without macros, embedded programs or parts on other computers."""

import io
import re
from typing import BinaryIO

from lxml import etree

from submissions.responses.file_types.packages import Package, parse_xml
from submissions.responses.file_types.refusals import (
    ANOTHER_TYPE,
    DAMAGED,
    EMBEDDED,
    MACROS,
    OLDER_EXCEL,
    OLDER_WORD,
    PROTECTED,
    REMOTE,
    TEMPLATE,
    NotTaken,
)

OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB 2.2
PROGRAMS = (OLE_SIGNATURE, b"MZ", b"\x7fELF")
ZIP_SIGNATURE = b"PK\x03\x04"
OFFICE = "application/vnd.openxmlformats-officedocument."
MAIN_TYPES = {
    f"{OFFICE}wordprocessingml.document.main+xml": "DOCX",
    f"{OFFICE}spreadsheetml.sheet.main+xml": "XLSX",
    f"{OFFICE}presentationml.presentation.main+xml": "PPTX",
}
MACRO_TYPES = re.compile(r"macroenabled|macrosheet|vbaproject|vbadata")
EMBEDDED_TYPES = re.compile(r"oleobject|activex")
EMBEDDED_KINDS = {"oleObject", "control", "activeXControlBinary", "aFChunk"}
# Addresses that nothing is loaded from until somebody follows them, and cells of other workbooks.
FOLLOWED_KINDS = {"hyperlink", "externalLinkPath", "externalLinkLongPath", "xlPathMissing"}
LOCAL_ADDRESS = re.compile(r"(file:///+)?[A-Za-z]:[\\/]|(file:///)?(?![\\/])[^:]*$")
STARTS_PROGRAM = re.compile(r"\bDDE(AUTO)?\b")  # fields that start a program, ECMA-376-1 17.16.5


def refuse_docx(file: BinaryIO) -> None:
    _refuse(file, "DOCX")


def refuse_xlsx(file: BinaryIO) -> None:
    _refuse(file, "XLSX")


def _refuse(file: BinaryIO, wanted: str) -> None:
    file.seek(0)
    if file.read(8) == OLE_SIGNATURE:
        file.seek(0)
        raise NotTaken(_older_or_protected(file.read()))
    package = Package(file)
    _refuse_content(package)
    main_type = package.content_type(package.main_part())
    found = MAIN_TYPES.get(main_type)
    if found is None:
        raise NotTaken(TEMPLATE if "template" in main_type else DAMAGED)
    if found != wanted:
        raise NotTaken(ANOTHER_TYPE, found=found)


def _older_or_protected(content: bytes) -> str:
    """Tell by the names of the streams of the compound file (MS-CFB 2.6.1, UTF-16)."""
    for stream, sentence in (
        ("EncryptedPackage", PROTECTED),
        ("WordDocument", OLDER_WORD),
        ("Workbook", OLDER_EXCEL),
    ):
        if stream.encode("utf-16-le") in content:
            return sentence
    return DAMAGED


def _refuse_content(package: Package, *, depth: int = 0) -> None:
    types = package.content_types
    if any(MACRO_TYPES.search(content_type) for content_type in types):
        raise NotTaken(MACROS)
    if any(EMBEDDED_TYPES.search(content_type) for content_type in types):
        raise NotTaken(EMBEDDED)
    for entry in package.entries:
        if package.first_bytes(entry, 8).startswith(PROGRAMS):
            raise NotTaken(EMBEDDED)
    for relationship in package.relationships():
        if relationship.kind == "vbaProject":
            raise NotTaken(MACROS)
        if relationship.kind in EMBEDDED_KINDS:
            raise NotTaken(EMBEDDED)
        if relationship.is_external:
            if relationship.kind not in FOLLOWED_KINDS and not LOCAL_ADDRESS.match(
                relationship.target
            ):
                raise NotTaken(REMOTE)
        elif relationship.kind == "package":
            _refuse_embedded(package, relationship.target, depth)
    _refuse_fields(package)


def _refuse_embedded(package: Package, target: str, depth: int) -> None:
    """Take the workbook behind a chart, if it would be taken by itself, and nothing deeper."""
    name = package.part_named(target)
    if name is None:
        return
    content = package.read(name)
    if depth or not content.startswith(ZIP_SIGNATURE):
        raise NotTaken(EMBEDDED)
    inner = Package(io.BytesIO(content))
    _refuse_content(inner, depth=depth + 1)
    if inner.content_type(inner.main_part()) not in MAIN_TYPES:
        raise NotTaken(EMBEDDED)


def _refuse_fields(package: Package) -> None:
    for name in package.names:
        content_type = package.content_type(name)
        if "wordprocessingml" in content_type and content_type.endswith("+xml"):
            code = _field_codes(parse_xml(package.read_xml(name)))
            if STARTS_PROGRAM.search(code):
                raise NotTaken(EMBEDDED)
        elif content_type.endswith("externallink+xml"):
            links = {
                etree.QName(element).localname
                for element in parse_xml(package.read_xml(name)).iter("{*}ddeLink", "{*}oleLink")
            }
            if links:
                raise NotTaken(EMBEDDED)


def _field_codes(root: "etree._Element") -> str:
    """Return the codes of all fields; one may be spread over several runs."""
    codes = []
    for element in root.iter("{*}instrText", "{*}fldSimple"):
        if etree.QName(element).localname == "instrText":
            codes.append(element.text or "")
        else:
            codes += [f" {value} " for name, value in element.items() if name.endswith("}instr")]
    return "".join(codes)
