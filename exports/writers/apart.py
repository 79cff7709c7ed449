"""Files that a program of the portal makes in a process of its own, in a folder with its rows.

Such a writer yields nothing, `b""`, as soon as its process runs. Whoever makes several files goes
on with the others meanwhile, and takes the file then.
"""

import errno
import json
import os
import pickle  # nosec B403 - the portal's own program reads what is written here
import shutil
import subprocess  # nosec B404 - of the portal's own program
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from select import select
from time import monotonic
from typing import IO, Any, cast

from exports.types import Pieces

ROOT = Path(__file__).parents[2]
ROWS = "rows.pickle"
ROWS_AT_ONCE = 200
MOST_SECONDS = 3_600
LOOK = 0.5  # seconds
PIECE = 256 * 1024  # bytes
NEARLY_FULL = 4 * 1024 * 1024  # bytes, more than programs write at once


class EndedOtherwise(ChildProcessError):
    """The program ended with a status other than 0."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} ended with {status}")
        self.status = status


@dataclass(frozen=True)
class Command:
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Process:
    command: Command
    running: subprocess.Popen[bytes]
    folder: str


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


def of_nothing(program: Path) -> Command:
    """Return how to run a program that knows nothing of the portal, neither its packages."""
    return Command(program.stem, ("-I", str(program)))


def of_the_portal(program: str) -> Command:
    """Return how to run a module that imports others of the portal, but no settings."""
    return Command(program, ("-m", program))


@contextmanager
def start(command: Command, folder: str, told: dict[str, Any]) -> Iterator[Process]:
    """Run a program in the folder, which has `told.json` and the rows. End it after the block."""
    Path(folder, "told.json").write_text(json.dumps(told), encoding="utf-8")
    # What it says on its way out may have answers in it.
    process = subprocess.Popen(  # nosec B603 - no part of it is input
        [sys.executable, *command.arguments],
        cwd=folder,
        # numpy, where a program has it, would start threads for matrices, of which there are none.
        env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Process(command, process, folder)
    finally:
        process.kill()
        process.communicate()


def finish(
    process: Process,
    meanwhile: Callable[[], None],
    row_done: Callable[[int], None] = lambda rows: None,
    *,
    rows: int = 0,
) -> None:
    """Wait for the program's end; call `meanwhile`, which may raise, twice a second.

    `row_done` is told of each batch of the `rows` that the program says it has. Raises
    EndedOtherwise, or OSError where the disk of the folder is full.
    """
    until = monotonic() + MOST_SECONDS
    pipe = cast(IO[bytes], process.running.stdout)
    while True:
        if select([pipe], [], [], LOOK)[0]:
            batches = len(os.read(pipe.fileno(), PIECE))
            if not batches:
                break
            done = min(batches * ROWS_AT_ONCE, rows)
            rows -= done
            row_done(done)
        elif monotonic() > until:
            raise TimeoutError(f"{process.command.name} takes too long")
        else:
            meanwhile()
    if ended := process.running.wait():
        if shutil.disk_usage(process.folder).free < NEARLY_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise EndedOtherwise(process.command.name, ended)
    row_done(rows)


def as_one(begun: Pieces) -> Pieces:
    """Yield the file alone, so that nothing comes before it is known that it can be made."""
    with closing(begun):
        yield from filter(None, begun)


def read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
