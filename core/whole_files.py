"""Handing out a stored file only while it is the one that was stored."""

import hashlib

from django.core.files.base import File
from django.db.models.fields.files import FieldFile


class FileLost(Exception):
    """The stored file is gone, or is not the one that was stored; the message says which."""


class FileMissing(FileLost):
    """The store has no such file, or cannot read it."""


class FileDamaged(FileLost):
    """The store has other bytes than those that were stored."""


def open_whole(field: FieldFile, *, sha256: str) -> File:
    """Return the stored file, open at its beginning, after its bytes were compared with `sha256`.

    Raises FileMissing or FileDamaged.
    """
    try:
        stored = field.storage.open(str(field.name), "rb")
    except OSError as error:
        raise FileMissing("missing") from error
    found = hashlib.sha256()
    try:
        for piece in stored.chunks():
            found.update(piece)
        stored.seek(0)
    except OSError as error:
        stored.close()
        raise FileMissing("missing") from error
    if found.hexdigest() != sha256:
        stored.close()
        raise FileDamaged("damaged")
    return stored
