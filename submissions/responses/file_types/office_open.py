"""DOCX and XLSX: documents without macros, embedded programs or parts on other computers."""

import io
import re
from typing import BinaryIO

from submissions.responses.file_types.elsewhere import is_elsewhere
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
from submissions.responses.file_types.signatures import OLE, PROGRAMS, ZIP
from submissions.responses.file_types.word_fields import refuse_fields

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
MACRO_KINDS = {"vbaProject", "xlMacrosheet", "xlIntlMacrosheet"}
OLDER_STREAMS = {"DOC": "WordDocument", "XLS": "Workbook"}
OLDER = {"DOC": OLDER_WORD, "XLS": OLDER_EXCEL}
VML = "{urn:schemas-microsoft-com:vml}"
ASK_FOR_DATA = ("connections+xml", "querytable+xml")  # parts of a workbook


def refuse_docx(file: BinaryIO) -> None:
    _refuse(file, "DOCX")


def refuse_xlsx(file: BinaryIO) -> None:
    _refuse(file, "XLSX")


def _refuse(file: BinaryIO, wanted: str) -> None:
    file.seek(0)
    if file.read(8) == OLE:
        raise NotTaken(OLDER.get(older_type(file), PROTECTED if _is_protected(file) else DAMAGED))
    package = Package(file)
    _refuse_content(package)
    main_type = package.content_type(package.main_part())
    found = MAIN_TYPES.get(main_type)
    if found is None:
        raise NotTaken(TEMPLATE if "template" in main_type else DAMAGED)
    if found != wanted:
        raise NotTaken(ANOTHER_TYPE, found=found)


def older_type(file: BinaryIO) -> str:
    """Return "DOC" or "XLS" for a compound file of these, "" for any other."""
    return next((found for found, stream in OLDER_STREAMS.items() if _has(file, stream)), "")


def _is_protected(file: BinaryIO) -> bool:
    return _has(file, "EncryptedPackage")


def _has(file: BinaryIO, stream: str) -> bool:
    """Return whether the compound file has a stream of the name (MS-CFB 2.6.1, UTF-16)."""
    file.seek(0)
    return stream.encode("utf-16-le") in file.read()


def _refuse_content(package: Package, *, depth: int = 0) -> None:
    types = package.content_types
    if any(MACRO_TYPES.search(content_type) for content_type in types):
        raise NotTaken(MACROS)
    if any(EMBEDDED_TYPES.search(content_type) for content_type in types):
        raise NotTaken(EMBEDDED)
    for entry in package.entries:
        if package.first_bytes(entry, 8).startswith((OLE, *PROGRAMS)):
            raise NotTaken(EMBEDDED)
    for relationship in package.relationships():
        if relationship.kind in MACRO_KINDS:
            raise NotTaken(MACROS)
        if relationship.kind in EMBEDDED_KINDS:
            raise NotTaken(EMBEDDED)
        if relationship.is_external:
            if relationship.kind not in FOLLOWED_KINDS and is_elsewhere(relationship.target):
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
    if depth or not content.startswith(ZIP):
        raise NotTaken(EMBEDDED)
    inner = Package(io.BytesIO(content))
    _refuse_content(inner, depth=depth + 1)
    if inner.content_type(inner.main_part()) not in MAIN_TYPES:
        raise NotTaken(EMBEDDED)


def _refuse_fields(package: Package) -> None:
    for name in package.names:
        content_type = package.content_type(name)
        if "wordprocessingml" in content_type and content_type.endswith("+xml"):
            root = parse_xml(package.read_xml(name))
            refuse_fields(root)
            if any(is_elsewhere(element.get("src", "")) for element in root.iter(f"{VML}*")):
                raise NotTaken(REMOTE)
        elif content_type.endswith("externallink+xml"):
            root = parse_xml(package.read_xml(name))
            if next(root.iter("{*}ddeLink", "{*}oleLink"), None) is not None:
                raise NotTaken(EMBEDDED)
        elif content_type.endswith(ASK_FOR_DATA):
            root = parse_xml(package.read_xml(name))
            if any(element.get("refreshOnLoad") in {"1", "true"} for element in root.iter("{*}*")):
                raise NotTaken(REMOTE)
