"""Everything in one ZIP, with a manifest of what it is and the digest of each file."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from core.release import NAME, VERSION
from core.zip_stream import ZipStream
from exports.export_context import ExportContext, Rounds
from exports.queries import erased_references, records
from exports.types import Pieces
from exports.writers import (
    codings_csv,
    csv_file,
    csv_zips,
    dictionary,
    json_lines,
    long_csv,
    qda_codebook,
    qda_project,
    reading_docx,
    table_schema,
    workbook,
)
from exports.writers.attachments import LIST_NAME, FileList

CONTENT_TYPE = "application/zip"
MANIFEST = "manifest.json"
README = "README.txt"
ABOUT = """\
responses.csv        one row a response; dictionary.csv says what its columns hold
responses.xlsx       the same for Excel, with the dictionary and counts
responses.jsonl      the same for programs, one JSON object a response, nothing altered
answers.csv          one row an answer, and one a choice of several
load.R               a script for R that loads responses.csv and labels it
datapackage.json     the columns for programs (Frictionless Table Schema)
codings.csv          one row a coded passage: code, coder, time, place in codepoints, words
responses.qdpx       a project for NVivo, ATLAS.ti, MAXQDA and QualCoder (REFI-QDA)
codebook.qdc         its codes alone
reading/             a Word file a response
attachments/         the files that came with responses; attachments/files.csv lists them
manifest.json        rows and SHA-256 of each file, the choice made, who made it and when, and the
                     references of responses that were erased
"""
Writer = Callable[[ExportContext], Pieces]
# For each file: its name, who writes it, and, where it has a row per response, how long it takes
# beside the others, as bench.export_formats has it.
FILES: list[tuple[str, Writer, int]] = [
    ("responses.csv", csv_file.pieces, 2),
    ("dictionary.csv", dictionary.pieces, 0),
    ("datapackage.json", table_schema.pieces, 0),
    ("responses.xlsx", workbook.pieces, 6),
    ("responses.jsonl", json_lines.pieces, 4),
    ("answers.csv", long_csv.pieces, 4),
    ("load.R", csv_zips.script_pieces, 0),
    ("codings.csv", codings_csv.pieces, 0),
    ("responses.qdpx", qda_project.pieces, 7),
    ("codebook.qdc", qda_codebook.pieces, 0),
]
DOCUMENTS = 9  # how long the Word files take
PACKED = (".xlsx", ".qdpx", ".docx")


def pieces(context: ExportContext) -> Pieces:
    bundle = _Bundle(context)
    yield from bundle.add(README, [ABOUT.encode()])
    for name, write, share in FILES:
        yield from bundle.add_made(name, write, has_rows=share > 0)
    yield from bundle.add_documents()
    yield from bundle.archive.add(MANIFEST, [bundle.manifest()])
    yield from bundle.archive.end()


class _Bundle:
    def __init__(self, context: ExportContext) -> None:
        self.archive = ZipStream()
        self._context = context
        self._files: list[dict[str, Any]] = []
        shares = [share for _, _, share in FILES if share]
        self._rounds = Rounds(context, [*shares, DOCUMENTS])

    def add(
        self, name: str, pieces: Iterable[bytes], *, rows: int | None = None, compress: bool = True
    ) -> Iterator[bytes]:
        seen = _Measured(pieces)
        yield from self.archive.add(name, seen, compress=compress)
        entry: dict[str, Any] = {"file": name, "bytes": seen.size, "sha256": seen.sha256}
        self._files.append(entry if rows is None else entry | {"rows": rows})

    def add_made(self, name: str, write: Writer, *, has_rows: bool) -> Iterator[bytes]:
        context = self._context
        if has_rows:
            part = self._rounds.next()
        else:
            part = ExportContext(context.dataset, by=context.by, at=context.at)
        yield from self.add(name, write(part), compress=not name.endswith(PACKED))
        if has_rows or part.rows:
            self._files[-1]["rows"] = part.rows

    def add_documents(self) -> Iterator[bytes]:
        """Yield a reading copy and the files of each response."""
        listed = FileList()
        around = reading_docx.frame(self._context)
        part = self._rounds.next()
        for record in records(self._context.dataset):
            copy = reading_docx.document(self._context, record, around)
            yield from self.add(f"reading/{record.reference}.docx", [copy], rows=1, compress=False)
            for name, content in listed.kept(record):
                yield from self.add(f"attachments/{name}", content, compress=False)
            self._context.lost_files = len(listed.lost)
            part.row_done()
        self._files += [{"file": f"attachments/{name}", "note": note} for name, note in listed.lost]
        yield from self.add(f"attachments/{LIST_NAME}", [listed.as_csv()])

    def manifest(self) -> bytes:
        context = self._context
        dataset = context.dataset
        said = {
            "call": dataset.call.slug,
            "title": dataset.call.title,
            **dataset.scope.in_words(),
            "filters": dataset.export_filter.filters(),
            "responses": context.rows,
            "missing_or_damaged_files": context.lost_files,
            # Responses that came and are in no export any more.
            "erased": erased_references(dataset.call),
            "made_by": context.by,
            "made_at": context.at.isoformat(),
            "software": NAME,
            "software_version": VERSION,
            "files": self._files,
        }
        return json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n"


class _Measured:
    """Passes pieces on, and measures and digests them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._digest.update(piece)
            self.size += len(piece)
            yield piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
