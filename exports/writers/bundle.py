"""Everything in one ZIP, with a manifest of what it is and the digest of each file."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from itertools import chain
from typing import Any

from core.release import NAME, VERSION
from core.typesetters import TypesettingFailed
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

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/zip"
MANIFEST = "manifest.json"
README = "README.txt"
Writer = Callable[[ExportContext], Pieces]


@dataclass(frozen=True)
class BundledFile:
    """A file of the ZIP: its name, who writes it, and what README.txt says of it.

    `share`, where it has a row per response, is how long it takes beside the others, as
    bench.export_formats has it. `needs` are packages without which there is no such file. One that
    `is_apart` is made by a process of its own (`exports.writers.apart`).
    """

    name: str
    write: Writer
    about: str
    share: int = 0
    needs: tuple[str, ...] = ()
    is_apart: bool = False
    is_per_response: bool = False

    @property
    def is_available(self) -> bool:
        return all(find_spec(package) for package in self.needs)


STATISTICS = ("pyreadstat", "pandas")
# One that is made apart stands after files that take about as long.
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
    BundledFile("counts.csv", counts_csv.pieces, "how many chose each option of closed questions"),
    BundledFile(
        "responses.jsonl",
        json_lines.pieces,
        "for programs, one JSON object a response, nothing altered",
        share=4,
    ),
    BundledFile(
        "responses.xlsx",
        workbook.begun,
        "the responses for Excel, with the dictionary and counts",
        share=6,
        is_apart=True,
    ),
    BundledFile(
        "answers.csv", long_csv.pieces, "one row an answer, and one a choice of several", share=4
    ),
    BundledFile(
        "spss.zip",
        partial(statistics_file.begun, program=statistics_file.SPSS),
        "the responses for SPSS, with labels",
        share=9,
        needs=STATISTICS,
        is_apart=True,
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
        "parquet.zip",
        parquet_file.begun,
        "the responses as Parquet, with types",
        share=7,
        needs=("pyarrow",),
        is_apart=True,
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
    BundledFile("codebook.qdc", qda_codebook.pieces, "the codes of passages that it shows, alone"),
    BundledFile(
        "stata.zip",
        partial(statistics_file.begun, program=statistics_file.STATA),
        "the responses for Stata, with labels",
        share=9,
        needs=STATISTICS,
        is_apart=True,
    ),
    BundledFile(
        "all.docx",
        reading_docx.one_document,
        "all responses to read, in one Word file",
        share=9,
    ),
    BundledFile(
        "all.pdf",
        reading_pdf.one_document,
        "all responses to read, in one PDF",
        share=180,
    ),
    BundledFile(
        "pdfs.zip", reading_pdf.one_each, "a PDF a response", share=180, is_per_response=True
    ),
]
ABOUT_DOCUMENTS = "reading/                 a Word file per response\n"
ABOUT_FOLDERS = """\
attachments/             the files that came with responses; attachments/files.csv lists them
manifest.json            rows and SHA-256 of each file, the choice made, who made it and when, and
                         the references of responses that were erased; of a file that is missing, it
                         says why
"""
NOT_MADE = (
    "Something went wrong while it was made. Export this format alone, and tell the people who run "
    "the portal if that fails, too."
)
DOCUMENTS, ATTACHED = 9, 1  # how long the Word files take, and a look at the files that came
PACKED = (".xlsx", ".qdpx", ".docx", ".pdf", ".zip")


def pieces(context: ExportContext) -> Pieces:
    """Yield everything that there is."""
    yield from _bundle(context, per_response=True)


def without_documents(context: ExportContext) -> Pieces:
    """Yield everything but a Word file and a PDF per response, which take most of the time."""
    yield from _bundle(context, per_response=False)


def _bundle(context: ExportContext, *, per_response: bool) -> Pieces:
    files = [
        file for file in FILES if file.is_available and (per_response or not file.is_per_response)
    ]
    with KeptRows() as rows, ExitStack() as begun:
        context.dataset = replace(context.dataset, kept_rows=rows)
        bundle = _Bundle(context, files, per_response=per_response)
        # One process works while files are made here, as two cores can.
        apart = (file for file in files if file.is_apart)
        ahead = bundle.begin(next(apart, None), begun)
        for file in files:
            if not file.is_apart:
                yield from bundle.add_made(file)
                continue
            if ahead is not None:
                yield from bundle.add_begun(file, ahead)
            ahead = bundle.begin(next(apart, None), begun)
        yield from bundle.add_folders()
    yield from bundle.add(README, [_about(context, files, per_response=per_response)])
    yield from bundle.archive.add(MANIFEST, [bundle.manifest()])
    yield from bundle.archive.end()


def _about(context: ExportContext, files: Iterable[BundledFile], *, per_response: bool) -> bytes:
    """Return README.txt: what each file is, and which are missing and why."""
    left_out = context.left_out
    said = [f"{file.name:<24} {file.about}\n" for file in files if file.name not in left_out]
    said.append((ABOUT_DOCUMENTS if per_response else "") + ABOUT_FOLDERS)
    if left_out:
        said.append("\nMissing here:\n")
        said += [f"{name:<24} {why}\n" for name, why in left_out.items()]
    return "".join(said).encode()


_Begun = tuple[Pieces, ExportContext]


class _Bundle:
    """The archive. A file that cannot be made is left out of it, and the others are made.

    So each file begins in the archive only once its first bytes are there.
    """

    def __init__(
        self, context: ExportContext, files: Sequence[BundledFile], *, per_response: bool
    ) -> None:
        self.archive = ZipStream()
        self._context = context
        self._per_response = per_response
        self._files: list[dict[str, Any]] = []
        self._last_share = DOCUMENTS if per_response else ATTACHED
        self._rounds = Rounds(context, [*(file.share for file in files), self._last_share])

    def add(
        self, name: str, pieces: Iterable[bytes], *, rows: int | None = None, compress: bool = True
    ) -> Iterator[bytes]:
        seen = _Measured(pieces)
        yield from self.archive.add(name, seen, compress=compress)
        entry: dict[str, Any] = {"file": name, "bytes": seen.size, "sha256": seen.sha256}
        self._files.append(entry if rows is None else entry | {"rows": rows})

    def add_made(self, file: BundledFile) -> Iterator[bytes]:
        part = self._part(file)
        with closing(file.write(part)) as pieces:
            yield from self._add_file(file, pieces, part)

    def begin(self, file: BundledFile | None, until: ExitStack) -> _Begun | None:
        """Start the process of a file that is made apart; it ends with `until` at the latest.

        None if there is no such file, or it cannot be made.
        """
        if file is None:
            return None
        part = self._part(file)
        pieces = until.enter_context(closing(file.write(part)))
        return None if self._first_of(file, pieces, part) is None else (pieces, part)

    def add_begun(self, file: BundledFile, begun: _Begun) -> Iterator[bytes]:
        yield from self._add_file(file, *begun)

    def _part(self, file: BundledFile) -> ExportContext:
        context = self._context
        if file.share:
            return self._rounds.of(file.share)
        return ExportContext(context.dataset, by=context.by, at=context.at)

    def _add_file(self, file: BundledFile, pieces: Pieces, part: ExportContext) -> Iterator[bytes]:
        first = self._first_of(file, pieces, part)
        if first is None:
            return
        whole = chain([first], pieces)
        yield from self.add(file.name, whole, compress=not file.name.endswith(PACKED))
        rows = part.rows if part.lines is None else part.lines
        if file.share or rows:
            self._files[-1]["rows"] = rows - len(part.left_out)
        for name, why in part.left_out.items():
            self._leave_out(f"{file.name}/{name}", why)

    def _first_of(self, file: BundledFile, pieces: Pieces, part: ExportContext) -> bytes | None:
        """Return the first bytes of the file; None for one that cannot be made: it is left out."""
        try:
            return next(pieces, b"")
        except UnsupportedByFormat as refused:
            why = str(refused)
        except (ChildProcessError, TypesettingFailed) as error:
            logger.exception("%s was not made: %s", file.name, type(error).__name__)
            why = NOT_MADE
        self._leave_out(file.name, why)
        if file.share:
            part.row_done(self._responses - part.rows)
        return None

    def _leave_out(self, name: str, why: str) -> None:
        self._files.append({"file": name, "note": why})
        self._context.left_out[name] = why

    @cached_property
    def _responses(self) -> int:
        return count(self._context.dataset)

    def add_folders(self) -> Iterator[bytes]:
        """Yield a reading copy, where there is one, and the files of each response."""
        listed = FileList()
        around = reading_docx.frame(self._context)
        part = self._rounds.of(self._last_share)
        for record in records(self._context.dataset):
            if self._per_response:
                copy = reading_docx.document(self._context, record, around)
                name = f"reading/{record.reference}.docx"
                yield from self.add(name, [copy], rows=1, compress=False)
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
