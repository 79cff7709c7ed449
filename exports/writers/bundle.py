"""Everything in one ZIP, with a manifest of what it is and the digest of each file."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import chain
from typing import Any

from core.release import NAME, VERSION
from core.zip_stream import ZipStream
from exports.export_context import ExportContext, Rounds, UnsupportedByFormat
from exports.kept_rows import KeptRows
from exports.queries import count, erased_references, records
from exports.types import Pieces
from exports.writers import (
    codings_csv,
    counts_csv,
    csv_file,
    csv_zips,
    dictionary,
    json_lines,
    long_csv,
    parquet_file,
    qda_codebook,
    qda_project,
    reading_docx,
    reading_pdf,
    statistics_file,
    table_schema,
    workbook,
)
from exports.writers.attachments import LIST_NAME, FileList

CONTENT_TYPE = "application/zip"
MANIFEST = "manifest.json"
README = "README.txt"
Writer = Callable[[ExportContext], Pieces]


@dataclass(frozen=True)
class BundledFile:
    """A file of the ZIP: its name, who writes it, and what README.txt says of it.

    `share`, where it has a row per response, is how long it takes beside the others, as
    bench.export_formats has it. `needs` are packages without which there is no such file. One that
    `may_be_too_long` is left out where its format cannot hold the responses.
    """

    name: str
    write: Writer
    about: str
    share: int = 0
    needs: tuple[str, ...] = ()
    may_be_too_long: bool = False

    @property
    def is_available(self) -> bool:
        return all(find_spec(package) for package in self.needs)


STATISTICS = ("pyreadstat", "pandas")
FILES = [
    BundledFile(
        "responses.csv",
        csv_file.pieces,
        "one row a response; dictionary.csv says what its columns hold",
        share=2,
    ),
    BundledFile("dictionary.csv", dictionary.pieces, "what the columns hold, for people"),
    BundledFile(
        "datapackage.json", table_schema.pieces, "the same for programs (Frictionless Table Schema)"
    ),
    BundledFile(
        "responses.xlsx",
        workbook.pieces,
        "the responses for Excel, with the dictionary and counts",
        share=6,
    ),
    BundledFile("counts.csv", counts_csv.pieces, "how many chose each option of closed questions"),
    BundledFile(
        "responses.jsonl",
        json_lines.pieces,
        "for programs, one JSON object a response, nothing altered",
        share=4,
    ),
    BundledFile(
        "answers.csv", long_csv.pieces, "one row an answer, and one a choice of several", share=4
    ),
    BundledFile(
        "responses-for-excel.zip",
        csv_zips.for_excel,
        "responses.csv with a byte order mark, for a double click",
        share=2,
    ),
    BundledFile(
        "load.R", csv_zips.script_pieces, "a script for R that loads responses.csv and labels it"
    ),
    BundledFile(
        "spss.zip",
        statistics_file.spss,
        "the responses for SPSS, with labels",
        share=9,
        needs=STATISTICS,
    ),
    BundledFile(
        "stata.zip",
        statistics_file.stata,
        "the responses for Stata, with labels",
        share=9,
        needs=STATISTICS,
    ),
    BundledFile(
        "parquet.zip",
        parquet_file.pieces,
        "the responses as Parquet, with types",
        share=7,
        needs=("pyarrow",),
    ),
    BundledFile(
        "codings.csv",
        codings_csv.pieces,
        "one row a coded passage: code, coder, time, place in codepoints, words",
    ),
    BundledFile(
        "responses.qdpx",
        qda_project.pieces,
        "a project for NVivo, ATLAS.ti, MAXQDA and QualCoder (REFI-QDA)",
        share=7,
    ),
    BundledFile("codebook.qdc", qda_codebook.pieces, "its codes alone"),
    BundledFile(
        "all.docx",
        reading_docx.one_document,
        "all responses to read, in one Word file",
        share=9,
        may_be_too_long=True,
    ),
    BundledFile(
        "all.pdf",
        reading_pdf.one_document,
        "all responses to read, in one PDF",
        share=180,
        may_be_too_long=True,
    ),
    BundledFile("pdfs.zip", reading_pdf.one_each, "a PDF a response", share=180),
]
ABOUT_FOLDERS = """\
reading/                 a Word file a response
attachments/             the files that came with responses; attachments/files.csv lists them
manifest.json            rows and SHA-256 of each file, the choice made, who made it and when, and
                         the references of responses that were erased; where a format cannot hold
                         so many responses, it says so and the file is missing
"""
DOCUMENTS = 9  # how long the Word files take
PACKED = (".xlsx", ".qdpx", ".docx", ".pdf", ".zip")


def pieces(context: ExportContext) -> Pieces:
    files = [file for file in FILES if file.is_available]
    about = "".join(f"{file.name:<24} {file.about}\n" for file in files) + ABOUT_FOLDERS
    with tempfile.TemporaryFile(prefix="portal-rows-") as rows:
        context.dataset = replace(context.dataset, kept_rows=KeptRows(rows))
        bundle = _Bundle(context, files)
        yield from bundle.add(README, [about.encode()])
        for file in files:
            yield from bundle.add_made(file)
        yield from bundle.add_documents()
    yield from bundle.archive.add(MANIFEST, [bundle.manifest()])
    yield from bundle.archive.end()


class _Bundle:
    def __init__(self, context: ExportContext, files: Sequence[BundledFile]) -> None:
        self.archive = ZipStream()
        self._context = context
        self._files: list[dict[str, Any]] = []
        shares = [file.share for file in files if file.share]
        self._rounds = Rounds(context, [*shares, DOCUMENTS])

    def add(
        self, name: str, pieces: Iterable[bytes], *, rows: int | None = None, compress: bool = True
    ) -> Iterator[bytes]:
        seen = _Measured(pieces)
        yield from self.archive.add(name, seen, compress=compress)
        entry: dict[str, Any] = {"file": name, "bytes": seen.size, "sha256": seen.sha256}
        self._files.append(entry if rows is None else entry | {"rows": rows})

    def add_made(self, file: BundledFile) -> Iterator[bytes]:
        context = self._context
        if file.share:
            part = self._rounds.next()
        else:
            part = ExportContext(context.dataset, by=context.by, at=context.at)
        pieces = file.write(part)
        try:
            # What a format cannot hold, it says before its first piece.
            first = next(pieces, b"")
        except UnsupportedByFormat as refused:
            if not file.may_be_too_long:
                raise
            self._files.append({"file": file.name, "note": str(refused)})
            part.row_done(count(context.dataset))  # so that progress goes on to the end
            return
        with closing(pieces):
            whole = chain([first], pieces)
            yield from self.add(file.name, whole, compress=not file.name.endswith(PACKED))
        if file.share or part.rows:
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
            "filters": dataset.export_filter.filters_in_files(),
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
