"""Tells the type of a file by its bytes, not by its name."""

import codecs
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from submissions.responses.errors import FileRefused

PDF_SIGNATURE = b"%PDF-"  # ISO 32000-1, 7.5.2; readers look for it in the first 1,024 bytes
ENCRYPTED_PDF = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")  # ISO 32000-1, 7.5.5
OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB 2.2: a .doc, or an encrypted .docx
ODT_TYPE = b"application/vnd.oasis.opendocument.text"  # OpenDocument 1.3, part 2, 3.3
MOST_ENTRIES = 5_000
# A negative offset in the directory is a ValueError to a file in memory, an OSError to one on disk.
DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError)
PROTECTED = gettext_noop(
    "“%(name)s” was not added: it is protected. Save it without a password or restrictions, "
    "then try again"
)
PROTECTED_OR_OLDER = gettext_noop(
    "“%(name)s” was not added: it is protected by a password, or it is an older Word file (DOC) "
    "with another ending. Save it as DOCX without a password, then try again"
)
NOT_THAT = gettext_noop(
    "“%(name)s” was not added: the file is damaged or is not really a %(type)s file"
)


def refuse_unless_what_it_says(name: str, file_type: str, file: BinaryIO) -> None:
    """Raise FileRefused unless the bytes are of `file_type` and can be opened without password.

    `file_type` is one of TYPES. The file is read from its start and left there.
    """
    file.seek(0)
    refusal = TYPES[file_type](file)
    file.seek(0)
    if refusal:
        raise FileRefused(_(refusal) % {"name": name, "type": file_type.upper()})


def _refuse_pdf(file: BinaryIO) -> str:
    content = file.read()
    if PDF_SIGNATURE not in content[:1024] or b"%%EOF" not in content[-2048:]:
        return NOT_THAT
    return PROTECTED if ENCRYPTED_PDF.search(content) else ""


def _refuse_docx(file: BinaryIO) -> str:
    if file.read(8) == OLE_SIGNATURE:
        return PROTECTED_OR_OLDER
    archive = _archive(file)
    if archive is None:
        return NOT_THAT
    names = set(archive.namelist())
    whole = {"[Content_Types].xml", "word/document.xml"} <= names
    return "" if whole and "word/vbaProject.bin" not in names else NOT_THAT


def _refuse_odt(file: BinaryIO) -> str:
    archive = _archive(file)
    if archive is None or not {"mimetype", "content.xml"} <= set(archive.namelist()):
        return NOT_THAT
    try:
        with archive.open("mimetype") as entry:
            if entry.read(len(ODT_TYPE) + 1).strip() != ODT_TYPE:
                return NOT_THAT
        with archive.open("META-INF/manifest.xml") as entry:
            return PROTECTED if b"encryption-data" in entry.read(1_000_000) else ""
    except (KeyError, *DAMAGED):
        return NOT_THAT
    except RuntimeError:  # zipfile's word for an entry that needs a password
        return PROTECTED


def _archive(file: BinaryIO) -> zipfile.ZipFile | None:
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED:
        return None
    return archive if len(archive.infolist()) <= MOST_ENTRIES else None


def _refuse_txt(file: BinaryIO) -> str:
    content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(c) < 32 and c not in "\t\n\r\f\v" for c in text):
            return ""
    return NOT_THAT


TYPES: dict[str, Callable[[BinaryIO], str]] = {
    "pdf": _refuse_pdf,
    "docx": _refuse_docx,
    "odt": _refuse_odt,
    "txt": _refuse_txt,
}
