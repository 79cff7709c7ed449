"""The files that came with responses, as a ZIP; respondents' own names for them are left out."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.zip_stream import ZipStream
from exports.export_context import ExportContext
from exports.queries import content_of, records
from exports.types import File, Pieces, Record
from exports.writers.record_answers import file_name
from submissions.responses.author_metadata.cleaning import without_author
from submissions.responses.author_metadata.errors import CannotBeCleaned
from submissions.responses.scanning import is_held_back, say_why_held_back

LIST_NAME = "files.csv"
HEADER = (
    "file",
    "reference",
    "number",
    "type",
    "bytes",
    "sha256",
    "sha256_submitted",
    "note",
)
MISSING = "missing: the portal no longer has this file."
DAMAGED = "damaged: what the portal has is not what was submitted."
CLEANED = "The author's details were taken out."
REDACTED = (
    "Left out: words of it are hidden. In its place is what the portal read of it, each hidden "
    "character as █."
)
REDACTED_HEAD = """\
The file itself is left out, as words of it are hidden. This is the text that the portal read of it;
each hidden character stands as “█”.

"""
WITHHELD = (
    "Held back: it came in the place of a file of which words are hidden, and the project team has "
    "not decided about it yet."
)
NOT_CLEANED = "Held back: the author's details could not be taken out. {}"


@dataclass(frozen=True)
class Copy:
    """What leaves of a file; without content it is held back, and the note says why."""

    content: Iterable[bytes] | None = None
    size: int | str = ""
    sha256: str = ""
    note: str = ""
    is_lost: bool = False


class FileList:
    """The rows of files.csv, the list of the files.

    Copies are without their author's details unless the export says who gave the response; a file
    out of which they cannot be taken is held back. `bytes` and `sha256` are those of the copy,
    `sha256_submitted` is the one of the file as it was submitted; of a file of which words are
    hidden there is none. A file that is missing or is not the one submitted is in `lost`, by its
    name, with the note that says so.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = [HEADER]
        self.lost: list[tuple[str, str]] = []

    def kept(self, record: Record) -> Iterator[tuple[str, Iterator[bytes]]]:
        """List all files of the record; yield the name and the bytes of those handed out."""
        for file in record.files:
            name = file_name(record, file)
            copy = self._copy(record, file)
            facts = (record.reference, file.number, file.leaves_as, copy.size, copy.sha256)
            # With the text around them, the digest would tell short hidden words.
            is_hidden = file.is_withheld or file.redacted_text is not None
            submitted = "" if is_hidden else file.sha256
            self._rows.append((name, *facts, submitted, copy.note))
            if copy.is_lost:
                self.lost.append((name, copy.note))
            if copy.content is not None:
                yield name, iter(copy.content)

    def _copy(self, record: Record, file: File) -> Copy:
        if file.is_withheld:
            return Copy(note=WITHHELD)
        try:
            submitted = b"".join(content_of(file))
        except OSError:
            return Copy(note=MISSING, is_lost=True)
        if hashlib.sha256(submitted).hexdigest() != file.sha256:
            return Copy(note=DAMAGED, is_lost=True)
        if is_held_back(file.scan or ""):
            return Copy(note=say_why_held_back(file.scan or "", file.found or ""))
        if file.redacted_text is not None:
            text = f"{REDACTED_HEAD}{file.redacted_text}\n".encode()
            digest = hashlib.sha256(text).hexdigest()
            return Copy([text], size=len(text), sha256=digest, note=REDACTED)
        if record.says_who:
            return Copy([submitted], size=file.size, sha256=file.sha256)
        try:
            cleaned = without_author(file.file_type, submitted)
        except CannotBeCleaned as error:
            return Copy(note=NOT_CLEANED.format(error.reason))
        return Copy(
            [cleaned],
            size=len(cleaned),
            sha256=hashlib.sha256(cleaned).hexdigest(),
            note="" if cleaned == submitted else CLEANED,
        )

    def as_csv(self) -> bytes:
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\r\n").writerows(self._rows)
        return file.getvalue().encode()


def pieces(context: ExportContext) -> Pieces:
    """Yield the archive, and read the files one by one out of the private storage."""
    archive = ZipStream()
    listed = FileList()
    for record in records(context.dataset):
        for name, content in listed.kept(record):
            yield from archive.add(name, content, compress=False)
        context.lost_files = len(listed.lost)
        context.row_done()
    yield from archive.add(LIST_NAME, [listed.as_csv()])
    yield from archive.end()
