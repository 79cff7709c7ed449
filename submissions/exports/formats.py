"""The formats of exports: what each is called, and who writes it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from submissions.exports import csv_file, dictionary
from submissions.exports.making import Making
from submissions.models import Call


@dataclass(frozen=True)
class FileFormat:
    """`reads_once`: one statement gives all rows, so nothing has to be held still meanwhile.

    `broken_off` is the last thing in a file that breaks; formats without one cannot be opened
    when they are incomplete.
    """

    name: str
    label: str
    suffix: str
    content_type: str
    pieces: Callable[[Making], Iterator[bytes]]
    reads_once: bool = False
    broken_off: bytes = b""


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
        "dictionary", "Data dictionary", "-dictionary.csv", csv_file.CONTENT_TYPE, dictionary.pieces
    ),
]
FORMATS: dict[str, FileFormat] = {file_format.name: file_format for file_format in _ALL}


def file_name(call: Call, file_format: FileFormat, *, at: datetime, named: bool = False) -> str:
    """Return for instance `the-call-2019-07-25.csv`; the day is the call's time zone's."""
    day = f"{at.astimezone(ZoneInfo(call.timezone)):%Y-%m-%d}"
    return f"{call.slug}-{day}{'-named' if named else ''}{file_format.suffix}"
