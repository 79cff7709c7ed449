"""Folders for what an export keeps on disk while programs of its own write its file.

A process that is killed leaves its folder behind, and in it answers that somebody may have erased
since. So whoever takes a folder, and the task that ends data, delete what others left.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

PREFIX = "portal-export-"
# Nothing was written to the folder for so long. Whoever still reads a file of it has it open.
LEFT_AFTER = timedelta(hours=3)


@contextmanager
def working_folder() -> Iterator[str]:
    """Yield a folder for temporary files, which goes with its end."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        delete_left(before=Path(folder).stat().st_mtime - LEFT_AFTER.total_seconds())
        yield folder


def delete_left_folders(*, wall_now: datetime) -> int:
    """Delete this account's folders in which nothing was written for LEFT_AFTER."""
    return delete_left(before=(wall_now - LEFT_AFTER).timestamp())


def delete_left(*, before: float) -> int:
    """Delete this account's folders that were last written to `before`, in seconds since 1970."""
    deleted = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Another process may delete it meanwhile, and no export fails for what another one left.
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            written = [path.lstat().st_mtime for path in (folder, *folder.rglob("*"))]
            if max(written) < before:
                shutil.rmtree(folder)
                deleted += 1
    return deleted
