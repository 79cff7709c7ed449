"""Tells the type of a file by its content, not by its name."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import BinaryIO

from django.utils.translation import gettext as _

from core.direction import isolated
from submissions.responses.errors import FileRefused
from submissions.responses.file_types.office_open import older_type, refuse_docx, refuse_xlsx
from submissions.responses.file_types.open_document import refuse_odt
from submissions.responses.file_types.pdf import refuse_pdf
from submissions.responses.file_types.pictures import refuse_heic, refuse_jpg, refuse_png
from submissions.responses.file_types.plain_text import refuse_csv, refuse_text
from submissions.responses.file_types.refusals import (
    ANOTHER_TYPE,
    DAMAGED,
    MACRO_ENDING,
    NOT_TEXT,
    NotTaken,
)
from submissions.responses.file_types.signatures import OLE, ZIP, type_by_start

# Each raises NotTaken for a file that is not of the type, or that the portal does not take.
TYPES: dict[str, Callable[[BinaryIO], None]] = {
    "pdf": refuse_pdf,
    "docx": refuse_docx,
    "odt": refuse_odt,
    "txt": refuse_text,
    "xlsx": refuse_xlsx,
    "csv": refuse_csv,
    "jpg": refuse_jpg,
    "png": refuse_png,
    "heic": refuse_heic,
}
USUAL_TYPES = ("pdf", "docx", "odt", "txt")  # of a question that names none
OTHER_ENDINGS = {"jpeg": "jpg", "heif": "heic"}
WITHOUT_MACROS = {"docm": "docx", "dotm": "docx", "xlsm": "xlsx", "xltm": "xlsx", "xlsb": "xlsx"}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "jpg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
}


def type_by_name(name: str) -> str:
    """Return the type that a file's name claims, a key of TYPES if it is a known one."""
    ending = PurePath(name).suffix.lower().lstrip(".")
    return OTHER_ENDINGS.get(ending, ending)


def endings_of(file_type: str) -> list[str]:
    """Return the endings of names of the type, each with its dot."""
    others = [ending for ending, name in OTHER_ENDINGS.items() if name == file_type]
    return [f".{ending}" for ending in (file_type, *others)]


def refuse_macro_ending(name: str, allowed: Sequence[str]) -> None:
    """Raise FileRefused with the reason for a file whose name says that it may hold macros."""
    without = WITHOUT_MACROS.get(type_by_name(name))
    if without is not None:
        wanted = without if without in allowed else "pdf"
        raise FileRefused(_(MACRO_ENDING) % {"name": isolated(name), "type": wanted.upper()})


def refuse_unless_what_it_says(name: str, file_type: str, file: BinaryIO) -> None:
    """Raise FileRefused unless the bytes are of `file_type` and hold nothing that is refused.

    `file_type` is one of TYPES. The file is read from its start and left there.
    """
    try:
        TYPES[file_type](file)
    except NotTaken as refusal:
        sentence, found = refusal.sentence, refusal.found
        if sentence in {DAMAGED, NOT_TEXT}:
            found = _recognised(file, file_type)
            sentence = ANOTHER_TYPE if found else sentence
        raise FileRefused(
            _(sentence) % {"name": isolated(name), "type": file_type.upper(), "found": found}
        ) from None
    finally:
        file.seek(0)


def _recognised(file: BinaryIO, file_type: str) -> str:
    """Return what the file is, if it begins or opens as another type does; otherwise ""."""
    file.seek(0)
    start = file.read(20)
    found = type_by_start(start)
    if not found and start.startswith(OLE):
        found = older_type(file)
    if not found and start.startswith(ZIP):
        found = _office_type(file)
    return found if found != file_type.upper() else ""


def _office_type(file: BinaryIO) -> str:
    for kind in ("docx", "xlsx", "odt"):
        try:
            TYPES[kind](file)
        except NotTaken as refusal:
            if refusal.sentence == ANOTHER_TYPE:
                return refusal.found
        else:
            return kind.upper()
    return ""
