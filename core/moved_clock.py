"""The file that says how far `manage.py rehearse` has moved the rehearsal clock, in seconds.

Every process reads it whenever it asks for the time. That costs microseconds, and only in a
rehearsal. It is replaced as a whole, so that nobody reads half a number.
"""

from datetime import timedelta
from pathlib import Path

NAME = "rehearsal-moved"


def read_move(path: Path) -> timedelta:
    """Return how far the clock was moved, zero if the file is missing or unreadable."""
    try:
        return timedelta(seconds=float(path.read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError, OverflowError):
        return timedelta(0)


def write_move(path: Path, move: timedelta) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(f"{move.total_seconds()}\n")
    unfinished.replace(path)
