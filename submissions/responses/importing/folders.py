"""Reads a folder that was packed as a ZIP: its names are only shown, never used as paths."""

import io
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from submissions.responses.attaching import presentable_name
from submissions.responses.errors import ImportRefused
from submissions.responses.file_types.archives import Archive
from submissions.responses.file_types.refusals import (
    PROTECTED,
    UNPACKS_TOO_BIG,
    NamedTwice,
    NotTaken,
)

MOST_BYTES = 100 * 1024 * 1024
MOST_FILES = 300
MOST_ENTRIES = 50_000  # those of documents within it, too
OF_DIRECTORY = b"PK\x01\x02"  # APPNOTE 4.3.12
# At the top of Word and Excel files, and of those of LibreOffice: each is a ZIP by itself.
OF_DOCUMENTS = {"[Content_Types].xml", "mimetype"}
LEFT_BY_SYSTEMS = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Packed:
    """A file of the folder; `path` is its name there, which is never a path on this machine."""

    path: str
    size: int

    @property
    def name(self) -> str:
        return presentable_name(self.path.replace("\\", "/"))  # old Windows packs folders so

    @property
    def stem(self) -> str:
        """The path without the ending: files that differ in that only belong together."""
        return str(PurePosixPath(self.path).with_suffix("")).casefold()


class Folder:
    def __init__(self, content: bytes) -> None:
        """Raise ImportRefused with what is wrong with the file as a whole."""
        if len(content) > MOST_BYTES:
            raise ImportRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB")
        if content.count(OF_DIRECTORY) > MOST_ENTRIES:  # each takes memory before it is counted
            raise ImportRefused(_say(NotTaken(UNPACKS_TOO_BIG)))
        try:
            self._archive = Archive(io.BytesIO(content))
        except NotTaken as refusal:
            raise ImportRefused(_say(refusal)) from None
        if not OF_DOCUMENTS.isdisjoint(self._archive.names):
            raise ImportRefused(
                "The file is one document, and no folder: save a spreadsheet as CSV, and pack Word "
                "files into a ZIP"
            )
        self.files = sorted(_files(self._archive), key=lambda one: one.path.casefold())
        if not self.files:
            raise ImportRefused("The folder has no file")
        if len(self.files) > MOST_FILES:
            raise ImportRefused(
                f"The folder has more than {MOST_FILES} files: upload it in several parts"
            )

    def read(self, packed: Packed) -> bytes:
        """Return the bytes of a file. Raises ImportRefused for one that is damaged."""
        try:
            return self._archive.read(packed.path)
        except NotTaken:
            raise ImportRefused(f"“{packed.name}” is damaged in the ZIP") from None


def _files(archive: Archive) -> Iterable[Packed]:
    for entry in archive.entries:
        last = entry.filename.rsplit("/", 1)[-1]
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        is_of_system = last.startswith((".", "~$")) or last.lower() in LEFT_BY_SYSTEMS
        if not last or is_link or is_of_system or entry.filename.startswith("__MACOSX/"):
            continue
        yield Packed(entry.filename, entry.file_size)


def _say(refusal: NotTaken) -> str:
    if isinstance(refusal, NamedTwice):
        return (
            f"The ZIP has two files at “{refusal.found}”, where capitals make no difference: give "
            "one of them another name"
        )
    if refusal.sentence == PROTECTED:
        return "The ZIP has a password: make one without"
    if refusal.sentence == UNPACKS_TOO_BIG:
        return "The ZIP unpacks to more than the portal opens: upload it in several parts"
    return "The file is no ZIP that can be read: pack the folder again"
