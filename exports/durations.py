"""How long an export takes, said before it starts."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Seconds for 1,000 responses of 600 words, twice what bench.export_formats took on two cores; the
# formats that are not here take less than a second.
SECONDS = {
    "sav": 1.6,
    "dta": 1.6,
    "parquet": 1.2,
    "xlsx": 1.0,
    "qdpx": 0.8,
    "docx": 1.0,
    "docx-each": 1.0,
    "pdf": 15.0,
    "pdf-each": 15.0,
    "bundle": 40.0,
}
LONG = 60  # seconds


def minutes(format_name: str, rows: int) -> int:
    """Return about how many minutes the export takes, rounded up; 0 for less than one."""
    seconds = SECONDS.get(format_name, 0.0) * rows / 1_000
    return -int(-seconds // 60) if seconds >= LONG else 0


def say_duration(format_name: str, rows: int) -> str:
    """Return a sentence about an export that the worker makes."""
    number = minutes(format_name, rows)
    if not number:
        return _("Takes a while: you can watch it being made.")
    return ngettext(
        "Takes about %(number)d minute: you can watch it being made.",
        "Takes about %(number)d minutes: you can watch it being made.",
        number,
    ) % {"number": number}
