"""Copies of files that do not say who wrote them, for pseudonymised exports. Originals stay."""

from collections.abc import Callable

from submissions.responses.author_metadata.errors import NOT_READ, CannotBeCleaned
from submissions.responses.author_metadata.office_open import clean_office_open
from submissions.responses.author_metadata.open_document import clean_odt
from submissions.responses.author_metadata.pdf import clean_pdf
from submissions.responses.author_metadata.pictures import clean_heic, clean_jpg, clean_png
from submissions.responses.file_types.refusals import NotTaken


def _as_it_is(content: bytes) -> bytes:
    return content


# Plain text has nothing beside its words.
CLEANERS: dict[str, Callable[[bytes], bytes]] = {
    "pdf": clean_pdf,
    "docx": clean_office_open,
    "xlsx": clean_office_open,
    "odt": clean_odt,
    "txt": _as_it_is,
    "csv": _as_it_is,
    "jpg": clean_jpg,
    "png": clean_png,
    "heic": clean_heic,
}


def without_author(file_type: str, content: bytes) -> bytes:
    """Return a copy without the author's details; the same bytes always give the same copy.

    What the file shows stays: a name in a letterhead, or on a picture. Raises CannotBeCleaned.
    """
    clean = CLEANERS.get(file_type)
    if clean is None:
        raise CannotBeCleaned(NOT_READ)
    try:
        return clean(content)
    except NotTaken:  # more than the portal unpacks, or damaged
        raise CannotBeCleaned(NOT_READ) from None
