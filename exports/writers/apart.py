"""Files that a program of the portal makes in a process of its own, in a folder with its rows.

Such a writer yields nothing, `b""`, as soon as its process runs. Whoever makes several files goes
on with the others meanwhile, and takes the file then.
"""

import json
import pickle  # nosec B403 - the portal's own program reads what is written here
import subprocess  # nosec B404 - of the portal's own program
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from exports.types import Pieces

ROWS = "rows.pickle"
ROWS_AT_ONCE = 200
MOST_SECONDS = 3_600
LOOK = 0.5  # seconds
PIECE = 256 * 1024  # bytes


def write_rows(
    folder: str, rows: Iterable[Sequence[object]], row_done: Callable[[int], None]
) -> None:
    """Lay the rows into the folder, in batches, as its program reads them; an empty one ends them.

    Texts come so several times faster than as JSON, and stay as they are.
    """
    left = iter(rows)
    with Path(folder, ROWS).open("wb") as file:
        while batch := list(islice(left, ROWS_AT_ONCE)):
            pickle.dump(batch, file, pickle.HIGHEST_PROTOCOL)
            row_done(len(batch))
        pickle.dump([], file)


@contextmanager
def start(program: Path, folder: str, told: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the folder, where it finds what it is told and the rows, until the end."""
    Path(folder, "told.json").write_text(json.dumps(told), encoding="utf-8")
    # What it says on its way out may have answers in it.
    process = subprocess.Popen(  # nosec B603 - no part of it is input
        [sys.executable, "-I", str(program)],
        cwd=folder,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finish(process: subprocess.Popen[bytes], program: Path, meanwhile: Callable[[], None]) -> None:
    """Wait for the program's end; call `meanwhile`, which may raise, twice a second."""
    until = monotonic() + MOST_SECONDS
    while True:
        try:
            process.wait(LOOK)
            break
        except subprocess.TimeoutExpired:
            if monotonic() > until:
                raise
            meanwhile()
    if process.returncode:
        raise ChildProcessError(f"{program.stem} ended with {process.returncode}")


def as_one(begun: Pieces) -> Pieces:
    """Yield the file alone, so that nothing comes before it is known that it can be made."""
    with closing(begun):
        yield from filter(None, begun)


def read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
