"""How long an export takes, said before it starts."""

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
    "bundle": 20.0,
    "bundle-quick": 4.0,
}
LONG = 60  # seconds


def minutes(format_name: str, rows: int) -> int:
    """Return about how many minutes the export takes, rounded up; 0 for less than one."""
    seconds = SECONDS.get(format_name, 0.0) * rows / 1_000
    return -int(-seconds // 60) if seconds >= LONG else 0


def say_duration(format_name: str, rows: int) -> str:
    """Return about how many minutes an export by the worker takes; nothing for less than one."""
    number = minutes(format_name, rows)
    if not number:
        return ""
    return ngettext("About %(number)d minute.", "About %(number)d minutes.", number) % {
        "number": number
    }
