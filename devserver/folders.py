"""The folders of the engines: locks on them, and access for the account that they run as."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from devserver.children import wait_until
from devserver.errors import CannotStart

LONGEST_SOCKET_FOLDER = 80  # bytes; the whole path of a unix socket may have about 100
LEFTOVERS_END_WITHIN = 30.0  # seconds, after the run that started them was killed


class FileLock:
    """An exclusive lock on a file (flock). Processes that inherit it share it until they end.

    The supervisor locks the data folder. The processes of each engine inherit a lock of their
    own: once it is free, no process of an earlier server writes to its files any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def take(self, holder: str) -> None:
        """Take the lock, and write our process number and `holder` into the file.

        Waits for processes that an ended run left behind. Raises CannotStart at once if the process
        that took the lock still runs; the message names it.
        """
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        wait_until(
            lambda: self._locked() or self._held_by_another(),
            seconds=LEFTOVERS_END_WITHIN,
            pause=0.05,
        )
        if not self._locked():
            pid, name = self._holder()
            whom = (
                f"process {pid} ({name})" if process_exists(pid) else "processes of an earlier run"
            )
            self.release()
            raise CannotStart(
                f"{self.path.parent} is in use by {whom}. Stop that one first, "
                "or give this one a folder of its own with PORTAL_DATA."
            )
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n{holder}\n".encode(), 0)

    def release(self) -> None:
        """Give up our share of the lock; processes that inherited it keep theirs."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _locked(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _held_by_another(self) -> bool:
        pid, _ = self._holder()
        return pid != os.getpid() and process_exists(pid)

    def _holder(self) -> tuple[int, str]:
        pid, _, rest = os.pread(self.descriptor, 1000, 0).decode(errors="replace").partition("\n")
        return (int(pid) if pid.isdigit() else 0), rest.strip()


class RunFolder:
    """A folder for the sockets of one run. Its path is short, and other users cannot list it.

    Its path is written to `note`, so that the next run can remove what a killed run left.
    """

    def __init__(self, note: Path | None = None) -> None:
        self._note = note
        if note is not None:
            remove_leftover(note)
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER - 20:
            parent = "/tmp"  # noqa: S108 - mkdtemp makes the folder below it ours alone
        self.path = Path(tempfile.mkdtemp(prefix="portal-", dir=parent))
        # Engines that run as another account pass through it to folders of their own.
        self.path.chmod(0o711)
        if note is not None:
            note.write_text(f"{self.path}\n")

    def make(self, name: str, account: pwd.struct_passwd | None) -> Path:
        """Return a new folder in this one that only the account may enter."""
        folder = self.path / name
        folder.mkdir(mode=0o700)
        chown_all(folder, account)
        return folder

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._note is not None:
            self._note.unlink(missing_ok=True)


def remove_leftover(note: Path) -> None:
    """Remove the folder whose path is in `note`, and nothing if there is no such note."""
    if not note.exists():
        return
    left = Path(note.read_text().strip())
    if left.name.startswith("portal-") and left.is_dir() and not left.is_symlink():
        shutil.rmtree(left, ignore_errors=True)


def chown_all(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make the account the owner of the folder and of everything in it."""
    if account is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def ensure_data_folder(folder: Path, *, variable: str = "PORTAL_DATA") -> None:
    """Make the data folder, closed to other users; raises CannotStart, which names the variable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        made_by = next((path.stat().st_uid for path in folder.glob("lock")), os.geteuid())
    except OSError as error:
        raise CannotStart(
            f"{folder} cannot be written to ({error.strerror}). "
            f"Set {variable} to a folder that you may write to."
        ) from error
    if made_by != os.geteuid():
        raise CannotStart(
            f"{folder} was made by the user with number {made_by}. Run as that user, "
            f"or set {variable} to another folder."
        )


def is_reachable(path: Path, account: pwd.struct_passwd | None) -> bool:
    """Return whether the account may pass through all folders above the path."""
    if account is None:
        return True
    return (
        subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            check=False,
        ).returncode
        == 0
    )


def copy_readable_by_all(source: Path, run: RunFolder, name: Path) -> Path:
    """Return a copy in the run's folder that every account can read; hard links where possible."""
    target = run.path / name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        _link_or_copy(str(source), str(target))
    else:
        shutil.copytree(
            source,
            target,
            symlinks=True,
            copy_function=_link_or_copy,
            ignore=shutil.ignore_patterns("include", "*.a", "pgxs"),
        )
        for folder in (target, *target.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o755)
    for folder in target.parents:
        if folder == run.path:
            break
        folder.chmod(0o755)
    return target


def _link_or_copy(old: str, new: str) -> str:
    """Link the file if everybody may read it; else copy it, as a link would share its mode."""
    mode = Path(old).stat().st_mode & 0o777
    open_to_all = mode | (0o555 if mode & 0o100 else 0o444)
    if mode == open_to_all:
        with contextlib.suppress(OSError):
            os.link(old, new)
            return new
    shutil.copy2(old, new)
    Path(new).chmod(open_to_all)
    return new


def process_exists(pid: int) -> bool:
    """Return whether a process has that number."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
