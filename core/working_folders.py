"""Folders for what an export, a drill or the web server keeps on disk while it runs.

A process that is killed leaves its folder behind, and in that of an export are answers that
somebody may have erased since. So whoever takes a folder, and the task that ends data, delete what
others left: each folder whose lock nobody holds. The kernel takes the lock away with the last
process that has it.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "portal-work-"
LOCK = "lock"  # a file in the folder


@dataclass(frozen=True)
class WorkingFolder:
    """A child that inherits `lock`, a file descriptor, has the folder for as long as it lives."""

    path: str
    lock: int


@contextmanager
def working_folder() -> Iterator[str]:
    """Yield the path of a folder for temporary files, which goes with its end."""
    with shared_working_folder() as folder:
        yield folder.path


@contextmanager
def shared_working_folder() -> Iterator[WorkingFolder]:
    """Yield such a folder with its lock, for children that may outlive this process."""
    folder = take()
    try:
        yield folder
    finally:
        leave(folder)


def take() -> WorkingFolder:
    """Return a folder until `leave`: `with` one of the above wherever that is possible."""
    delete_left_folders()
    return _take()


def leave(folder: WorkingFolder) -> None:
    try:
        _delete(folder.path)
    finally:
        os.close(folder.lock)


def _delete(path: str) -> None:
    """Delete the folder of this process; leave it to whoever deletes it meanwhile.

    Once its lock is deleted, another process may make the lock anew, and then deletes the folder.
    """
    try:
        shutil.rmtree(path)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTEMPTY}:
            raise


def delete_left_folders() -> int:
    """Delete this account's folders that no process has any more; return how many."""
    deleted = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Another process may delete it meanwhile, and no export fails for what another one left.
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            lock = _open_lock(folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                deleted += 1
            finally:
                os.close(lock)
    return deleted


def _take() -> WorkingFolder:
    """Make a folder and lock it; another one where somebody deletes it before it is locked."""
    while True:
        path = tempfile.mkdtemp(prefix=PREFIX)
        with suppress(FileNotFoundError):
            lock = _open_lock(Path(path))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(lock), (Path(path) / LOCK).stat()):
                    return WorkingFolder(path, lock)
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)


def _open_lock(folder: Path) -> int:
    return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
