"""How far a running rehearsal's clock was moved by hand, for every process alike.

The file holds seconds. It is small, replaced whole, and read on each look at the clock: a file
of a few bytes costs microseconds, and only in a rehearsal.
"""

from datetime import timedelta
from pathlib import Path

NAME = "rehearsal-moved"


def read_move(path: Path) -> timedelta:
    """Return the move, zero if there is none."""
    try:
        return timedelta(seconds=float(path.read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return timedelta(0)


def write_move(path: Path, move: timedelta) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(f"{move.total_seconds()}\n")
    unfinished.replace(path)
