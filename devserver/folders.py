"""Folders that the engines use: locked, reachable by the account that they run as, tidied up."""

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

LONGEST_SOCKET_FOLDER = 80  # bytes; the path of a unix socket has about 100 in all
LEFTOVERS_MAY_TAKE = 30.0  # seconds for the engines of a killed run to end


class FileLock:
    """An exclusive lock on a file, held until every process that inherited it has ended.

    The supervisor keeps one on the data folder. Each engine's processes inherit one of their own,
    so whoever gets that one knows that no process of an earlier server still writes to its files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def take(self, holder: str) -> None:
        """Lock, and write down who we are.

        Leftovers of a process that has ended are waited for; another that lives is not: raises
        CannotStart, which names it.
        """
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        wait_until(
            lambda: self._locked() or self._held_by_another(),
            seconds=LEFTOVERS_MAY_TAKE,
            pause=0.05,
        )
        if not self._locked():
            pid, name = self._holder()
            whom = f"process {pid} ({name})" if lives(pid) else "processes of an earlier run"
            self.release()
            raise CannotStart(
                f"{self.path.parent} is in use by {whom}. Stop that one first, "
                "or give this one a folder of its own with PORTAL_DATA."
            )
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n{holder}\n".encode(), 0)

    def release(self) -> None:
        """Let go; processes that inherited the lock still hold it."""
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
        return pid != os.getpid() and lives(pid)

    def _holder(self) -> tuple[int, str]:
        pid, _, rest = os.pread(self.descriptor, 1000, 0).decode(errors="replace").partition("\n")
        return (int(pid) if pid.isdigit() else 0), rest.strip()


class RunFolder:
    """A folder for one run's sockets, short of path and closed to other users.

    Its path is noted in `note`, so that the next run removes what a killed one left.
    """

    def __init__(self, note: Path | None = None) -> None:
        self._note = note
        if note is not None:
            remove_noted(note)
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER - 20:
            parent = "/tmp"  # noqa: S108 - mkdtemp makes the folder below it ours alone
        self.path = Path(tempfile.mkdtemp(prefix="portal-", dir=parent))
        # Those who run as another account pass through it; what lies in it stays closed.
        self.path.chmod(0o711)
        if note is not None:
            note.write_text(f"{self.path}\n")

    def make(self, name: str, account: pwd.struct_passwd | None) -> Path:
        """An empty folder in it that only the account may enter."""
        folder = self.path / name
        folder.mkdir(mode=0o700)
        give(folder, account)
        return folder

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._note is not None:
            self._note.unlink(missing_ok=True)


def remove_noted(note: Path) -> None:
    """Remove the run's folder whose path is in the note, if a killed run left both."""
    if not note.exists():
        return
    left = Path(note.read_text().strip())
    if left.name.startswith("portal-") and left.is_dir() and not left.is_symlink():
        shutil.rmtree(left, ignore_errors=True)


def give(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make the account the owner of the folder and of all that is in it."""
    if account is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def make_writable(folder: Path, *, variable: str = "PORTAL_DATA") -> None:
    """Make a data folder closed to other users; raises CannotStart naming the variable."""
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


def reaches(path: Path, account: pwd.struct_passwd | None) -> bool:
    """Whether the account can get to a path through all the folders above it."""
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


def copied_where_reached(source: Path, run: RunFolder, name: Path) -> Path:
    """A copy in the run's folder that every account can read; hard links where possible."""
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
    """A hard link shares the mode, so it will not do for what only its owner may read."""
    mode = Path(old).stat().st_mode & 0o777
    open_to_all = mode | (0o555 if mode & 0o100 else 0o444)
    if mode == open_to_all:
        with contextlib.suppress(OSError):
            os.link(old, new)
            return new
    shutil.copy2(old, new)
    Path(new).chmod(open_to_all)
    return new


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
