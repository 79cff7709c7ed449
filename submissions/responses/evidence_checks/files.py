"""Checks each stored file against its row, and each row against the store."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import Storage

from core.stores import NotListed
from submissions.responses.models import Attachment

logger = logging.getLogger(__name__)
FOLDER = "attachments"
AT_ONCE = 200  # rows
# A file is stored before its row is committed, and deleted after its row is.
ON_ITS_WAY = timedelta(hours=1)


@dataclass
class FileChecks:
    checked: int = 0

    def problems(self, *, wall_now: datetime) -> Iterator[str]:
        rows = Attachment.objects.select_related("submission").order_by("pk")
        for attachment in rows.iterator(chunk_size=AT_ONCE):
            self.checked += 1
            problem = _problem_of(attachment)
            # Somebody may have deleted it since the row was read.
            if problem and Attachment.objects.filter(pk=attachment.pk).exists():
                yield f"{attachment.submission}, {attachment}: {problem}"
        yield from _files_without_row(Attachment.file.field.storage, wall_now)


def _problem_of(attachment: Attachment) -> str:
    found = hashlib.sha256()
    size = 0
    try:
        with attachment.file.open("rb") as stored:
            for piece in stored.chunks():
                found.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return "the file is missing"
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        # Whatever stands in the row, the other files are checked.
        return f"the file cannot be read ({type(error).__name__})"
    if size != attachment.size:
        return f"the file has {size:,} bytes, not {attachment.size:,}"
    if found.hexdigest() != attachment.sha256:
        return "the file's bytes are not those that were given"
    return ""


def _files_without_row(storage: Storage, wall_now: datetime) -> Iterator[str]:
    try:
        yield from _without_row_in(storage, FOLDER, wall_now)
    except NotListed:
        logger.warning(
            "files that no row has were not looked for: the key of the bucket may not list it"
        )


def _without_row_in(storage: Storage, folder: str, wall_now: datetime) -> Iterator[str]:
    """Look through a folder and those in it; it need not exist yet."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        yield f"{folder}: the folder cannot be read ({type(error).__name__})"
        return
    names = {f"{folder}/{name}" for name in files}
    known = Attachment.objects.filter(file__in=names).values_list("file", flat=True)
    for name in sorted(names - set(known)):
        if _is_old(storage, name, wall_now):
            yield f"{name}: no row has this file"
    for name in sorted(folders):
        yield from _without_row_in(storage, f"{folder}/{name}", wall_now)


def _is_old(storage: Storage, name: str, wall_now: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < wall_now - ON_ITS_WAY
    except FileNotFoundError:
        return False
