"""Moving files from one store to the other, one at a time, while the portal goes on.

    read and compared with its digest -> copied -> the copy read and compared -> deleted here

Whoever kills it leaves at most one file in both stores, and the next run goes on from there. New
files go to the other store already, and `core.two_stores` finds a file in either.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

from core import disk_reserve
from core.errors import PortalError

LAST = "move_files.last"  # names the file that is being moved
HALF = ".moving"  # the ending of a copy that is not whole yet
PIECE = 1024 * 1024  # bytes


class AlreadyMoving(PortalError):
    """Another process moves files."""


@dataclass(frozen=True)
class Stored:
    """A file to move. Without a digest it is compared with what it was before.

    `may_end`: it is no loss if it is not there any more.
    """

    name: str
    sha256: str = ""
    may_end: bool = False


@dataclass
class Moved:
    """What a run did; `problems` has a line for each file that stays where it is."""

    moved: int = 0
    size: int = 0  # bytes
    there_already: int = 0
    ended: int = 0  # deleted by the portal meanwhile
    problems: list[str] = field(default_factory=list)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock of moving; raise AlreadyMoving if another process has it.

    It is of the folder of files, which the disk has on either way.
    """
    folder = os.open(disk_reserve.folder(), os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyMoving from None
        yield
    finally:
        os.close(folder)


def move(
    files: Iterable[Stored],
    *,
    source: Storage,
    target: Storage,
    is_known: Callable[[str], bool],
    note: Callable[[Moved], None],
) -> Moved:
    """Move each file that is in `source` to `target`; say in `note` after each how far it is.

    `is_known` says whether a row still has a file of that name. Raises what a store that is away
    raises: then everything is where it was, or in both stores. For `one_at_a_time`.
    """
    done = Moved()
    _undo_the_last(source, target, is_known)
    for file in files:
        _move(file, source, target, is_known, done)
        note(done)
    _last().unlink(missing_ok=True)
    return done


def _move(
    file: Stored, source: Storage, target: Storage, is_known: Callable[[str], bool], done: Moved
) -> None:
    try:
        found = source.open(file.name)
    except FileNotFoundError:
        if target.exists(file.name):
            done.there_already += 1
        elif is_known(file.name) and not file.may_end:
            done.problems.append(f"{file.name}: missing")
        else:
            done.ended += 1
        return
    with found:
        digest, size = _digest_of(found)
        if file.sha256 and digest != file.sha256:
            done.problems.append(f"{file.name}: damaged, it is not the file that was given")
            return
        _note_the_last(file.name)
        _copy(file.name, found, target)
    is_whole = _is_whole(target, file.name, digest)
    if not source.exists(file.name):
        # Whoever deleted it meanwhile deleted it here first: then the copy goes, too.
        if is_whole:
            target.delete(file.name)
        done.ended += 1
    elif is_whole:
        source.delete(file.name)
        done.moved += 1
        done.size += size
    else:
        done.problems.append(f"{file.name}: another file has its name where it was to go")


def _copy(name: str, content: File, target: Storage) -> None:
    """Copy a file that is not there yet; nobody sees a half one."""
    if target.exists(name):
        return
    content.seek(0)
    if not isinstance(target, FileSystemStorage):
        kept_as = target.save(name, content)
        if kept_as != name:
            target.delete(kept_as)
        return
    half = target.path(f"{name}{HALF}")
    Path(half).unlink(missing_ok=True)
    target.save(f"{name}{HALF}", content)
    _to_the_disk(half)
    with suppress(FileExistsError):
        os.link(half, target.path(name))
    Path(half).unlink()
    # Its folder may be new, too.
    for folder in Path(half).relative_to(target.location).parents:
        _to_the_disk(str(Path(target.location, folder)))


def _to_the_disk(path: str) -> None:
    """Have the system write the copy to the disk now: its original is deleted next."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_whole(store: Storage, name: str, digest: str) -> bool:
    try:
        with closing(store.open(name)) as copy:
            return _digest_of(copy)[0] == digest
    except FileNotFoundError:
        return False


def _digest_of(file: File) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    for piece in file.chunks(PIECE):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size


def _last() -> Path:
    """Return the file that names what is being moved; a disk is on either way."""
    return disk_reserve.folder() / LAST


def _note_the_last(name: str) -> None:
    _last().write_text(name)


def _undo_the_last(source: Storage, target: Storage, is_known: Callable[[str], bool]) -> None:
    """Delete a copy whose file was erased while a run was killed between the two."""
    name = _last().read_text() if _last().exists() else ""
    if not name:
        return
    if isinstance(target, FileSystemStorage):
        Path(target.path(f"{name}{HALF}")).unlink(missing_ok=True)
    if not is_known(name) and not source.exists(name):
        target.delete(name)
