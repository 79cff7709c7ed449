"""The files that came with responses, as a ZIP; the respondents' own names are not in it."""

import csv
import io
from collections.abc import Iterator

from exports.export_context import ExportContext
from exports.queries import content_of, is_kept, records
from exports.types import Pieces, Record
from exports.writers.record_answers import file_name
from exports.writers.zip_stream import ZipStream

CONTENT_TYPE = "application/zip"
LIST_NAME = "files.csv"
HEADER = ("file", "reference", "number", "type", "bytes", "sha256", "note")
LOST = "The portal no longer has this file."


class FileList:
    """The rows of files.csv, the list of the files."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = [HEADER]

    def kept(self, record: Record) -> Iterator[tuple[str, Iterator[bytes]]]:
        """List all files of the record; yield the name and the bytes of those still stored."""
        for file in record.files:
            name = file_name(record, file)
            has_it = is_kept(file)
            facts = (record.reference, file.number, file.file_type, file.size, file.sha256)
            self._rows.append((name, *facts, "" if has_it else LOST))
            if has_it:
                yield name, content_of(file)

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
        context.row_done()
    yield from archive.add(LIST_NAME, [listed.as_csv()])
    yield from archive.end()
