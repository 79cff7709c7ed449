"""The formats of exports, and how their files are called."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from django.utils.text import slugify

from exports.export_context import ExportContext
from exports.types import Dataset, Pieces
from exports.writers import (
    attachments,
    bundle,
    codings_csv,
    counts_csv,
    csv_file,
    csv_zips,
    dictionary,
    json_lines,
    parquet_file,
    qda_codebook,
    qda_project,
    reading_docx,
    reading_pdf,
    statistics_file,
    table_schema,
    workbook,
)

ZIP = "application/zip"


@dataclass(frozen=True)
class FileFormat:
    """How a format is called, and who writes it.

    `reads_once`: one statement gives all rows, so the export needs no snapshot beside it.
    `needs` are packages that an installation may go without: then it has no such format.
    `broken_off` are the last bytes of a file that breaks; formats without them cannot be opened
    when they are incomplete.
    """

    name: str
    label: str
    suffix: str
    content_type: str
    pieces: Callable[[ExportContext], Pieces]
    reads_once: bool = False
    needs: tuple[str, ...] = ()
    broken_off: bytes = b""

    @property
    def is_available(self) -> bool:
        return all(find_spec(package) for package in self.needs)


_ALL = [
    FileFormat(
        "csv",
        "CSV",
        ".csv",
        csv_file.CONTENT_TYPE,
        csv_file.pieces,
        reads_once=True,
        broken_off=csv_file.BROKEN_OFF,
    ),
    FileFormat(
        "codings",
        "Codings",
        ".csv",
        csv_file.CONTENT_TYPE,
        codings_csv.pieces,
        broken_off=csv_file.BROKEN_OFF,
    ),
    FileFormat("counts", "Counts as CSV", ".csv", csv_file.CONTENT_TYPE, counts_csv.pieces),
    FileFormat("xlsx", "Excel", ".xlsx", workbook.CONTENT_TYPE, workbook.pieces),
    FileFormat(
        "json",
        "JSON lines",
        ".jsonl",
        json_lines.CONTENT_TYPE,
        json_lines.pieces,
        broken_off=json_lines.BROKEN_OFF,
    ),
    FileFormat("csv-excel", "CSV for Excel", ".zip", ZIP, csv_zips.for_excel),
    FileFormat("long", "CSV, a row per answer", ".zip", ZIP, csv_zips.in_long_form),
    FileFormat("r", "CSV with a script for R", ".zip", ZIP, csv_zips.for_r),
    FileFormat("sav", "SPSS", ".zip", ZIP, statistics_file.spss, needs=("pyreadstat", "pandas")),
    FileFormat("dta", "Stata", ".zip", ZIP, statistics_file.stata, needs=("pyreadstat", "pandas")),
    FileFormat("parquet", "Parquet", ".zip", ZIP, parquet_file.pieces, needs=("pyarrow",)),
    FileFormat("qdpx", "REFI-QDA project", ".qdpx", qda_project.CONTENT_TYPE, qda_project.pieces),
    FileFormat("qdc", "REFI-QDA codebook", ".qdc", qda_codebook.CONTENT_TYPE, qda_codebook.pieces),
    FileFormat(
        "docx", "Word, all in one", ".docx", reading_docx.CONTENT_TYPE, reading_docx.one_document
    ),
    FileFormat("docx-each", "Word, one per response", ".zip", ZIP, reading_docx.one_each),
    FileFormat(
        "pdf", "PDF, all in one", ".pdf", reading_pdf.CONTENT_TYPE, reading_pdf.one_document
    ),
    FileFormat("pdf-each", "PDF, one per response", ".zip", ZIP, reading_pdf.one_each),
    FileFormat("attachments", "Files", ".zip", ZIP, attachments.pieces),
    FileFormat("bundle", "Everything", ".zip", ZIP, bundle.pieces),
    FileFormat(
        "bundle-quick",
        "Everything but single documents",
        ".zip",
        ZIP,
        bundle.without_documents,
    ),
    FileFormat(
        "datapackage",
        "Data package",
        ".json",
        table_schema.CONTENT_TYPE,
        table_schema.pieces,
    ),
    FileFormat("dictionary", "Data dictionary", ".csv", csv_file.CONTENT_TYPE, dictionary.pieces),
]
# What the project team gets of its own codings, with the texts of files.
OF_THE_TEAM = ("codings", "qdpx")
FORMATS: dict[str, FileFormat] = {file_format.name: file_format for file_format in _ALL}


def label_of(name: str) -> str:
    """Return what the pages call the format of that name; the name of one that is gone."""
    return FORMATS[name].label if name in FORMATS else name


def file_name(dataset: Dataset, file_format: FileFormat, *, at: datetime) -> str:
    """Return for instance `the-call-2019-07-25-data-dictionary.csv`: what the page calls it.

    The day is the call's time zone's. The CSV of responses has no words: others build on its name.
    A filtered file is called a part, so that nobody takes it for all responses.
    """
    call = dataset.call
    day = f"{at.astimezone(ZoneInfo(call.timezone)):%Y-%m-%d}"
    said = (
        ("-named", dataset.named),
        ("-confidential", dataset.confidential),
        ("-team", dataset.team),
        ("-part", dataset.export_filter.is_part),
    )
    holds = "".join(word for word, is_so in said if is_so)
    words = "" if file_format.name == "csv" else f"-{slugify(file_format.label)}"
    return f"{call.slug}-{day}{holds}{words}{file_format.suffix}"
