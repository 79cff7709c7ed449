"""The folder of backups: one folder for each, and the files of respondents once for all of them.

    2026-11-28T023000Z/   one backup: database, manifest, erasures, all encrypted, and SHA256SUMS
    files/ab/ab12...age   a file, encrypted by itself, for as long as a backup names it
    erasures.jsonl.age    the newest list of erasures, for restores of older backups

A backup has a name with `.part` until it is whole. `sha256sum --check SHA256SUMS` in its folder
compares all that it needs, without any key.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backups.errors import AlreadyRunning, BackupFailed, Damaged

PATTERN = "%Y-%m-%dT%H%M%SZ"
NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")
PART = ".part"
DATABASE = "database.dump.age"
MANIFEST = "manifest.json.age"
ERASURES = "erasures.jsonl.age"
SUMS = "SHA256SUMS"
FILES = "files"
# What the privacy notice says of erased data: no backup has it for longer than a month.
LONGEST = timedelta(days=30)
# Whoever backs up after a mishap must not lose the backup from before it.
ALL_OF = timedelta(days=2)


def name_at(moment: datetime) -> str:
    """Return the name of a backup that began at that moment: its second, in UTC."""
    return moment.astimezone(UTC).strftime(PATTERN)


def moment_of(name: str) -> datetime:
    return datetime.strptime(name, PATTERN).replace(tzinfo=UTC)


class BackupFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else change the folder meanwhile. Raises BackupFailed while somebody does."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "lock").open("w")
        except OSError as error:
            raise BackupFailed(
                f"The folder of backups {self.path} cannot be written: {error.strerror}."
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"Another backup into {self.path} is running. Wait until it has ended."
                ) from None
            yield

    def names(self) -> list[str]:
        """Return the names of the whole backups, the oldest first. Raises BackupFailed."""
        try:
            return sorted(one.name for one in self.path.iterdir() if NAME.fullmatch(one.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BackupFailed(
                f"The folder of backups {self.path} cannot be read: {error.strerror}."
            ) from None

    def chosen(self, name: str) -> str:
        """Return `name`, or the newest for "". Raises BackupFailed if there is no such backup."""
        names = self.names()
        if not names:
            raise BackupFailed(f"There is no whole backup in {self.path}.")
        if name and name not in names:
            raise BackupFailed(
                f"There is no backup {name} in {self.path}. The newest is {names[-1]}."
            )
        return name or names[-1]

    def begin(self, name: str) -> Path:
        """Make the folder of a new backup, and remove what a killed one left."""
        for left in self.path.glob(f"*{PART}"):
            if left.is_dir():
                shutil.rmtree(left)
            else:  # a list of erasures
                left.unlink()
        for left in (self.path / FILES).glob(f"*/*{PART}"):
            left.unlink()
        if (self.path / name).exists():
            raise BackupFailed(f"There is a backup {name} already. Try again in a second.")
        part = self.path / f"{name}{PART}"
        part.mkdir(mode=0o700)
        return part

    def finish(self, part: Path, sums: Mapping[str, str]) -> None:
        """Write the digests of all that the backup needs, and give it its name."""
        lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
        with (part / SUMS).open("w", encoding="ascii") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        part.rename(part.with_suffix(""))
        _keep(self.path)

    def discard(self, part: Path) -> None:
        shutil.rmtree(part, ignore_errors=True)

    def sums(self, name: str) -> dict[str, str]:
        """Return the digests of a backup by path, which begins in its folder. Raises Damaged."""
        try:
            lines = (self.path / name / SUMS).read_text(encoding="ascii").splitlines()
            pairs = [line.split("  ", 1) for line in lines]
            return {path: digest for digest, path in pairs}
        except (OSError, ValueError):
            raise Damaged(f"{name} has no readable {SUMS}. Take another backup.") from None

    def check(self, name: str) -> tuple[int, int]:
        """Compare all that a backup needs with its digests; return how many files and bytes.

        Raises Damaged for the first that is missing or changed.
        """
        size = 0
        sums = self.sums(name)
        if not {DATABASE, MANIFEST, ERASURES} <= set(sums):
            raise Damaged(f"{name} has no whole {SUMS}. Take another backup.")
        for path, digest in sums.items():
            whole = self.path / name / path
            try:
                found, length = digest_of(whole)
            except OSError:
                raise Damaged(f"{name}: {path} is missing. Take another backup.") from None
            if found != digest:
                raise Damaged(f"{name}: {path} was changed. Take another backup.")
            size += length
        return len(sums), size

    def known_files(self) -> dict[str, str]:
        """Return the digest of each stored file that a backup names, by its path."""
        known: dict[str, str] = {}
        for name in self.names():
            try:
                sums = self.sums(name)
            except Damaged:
                continue
            known |= {path: digest for path, digest in sums.items() if path.startswith("../")}
        return known

    def prune(self, *, wall_now: datetime, daily: int, weekly: int) -> list[str]:
        """Delete the backups that nobody needs, and the files that no kept one names.

        It keeps all of the last two days, and the newest of each of the last `daily` days and of
        the last `weekly` weeks that have one. None that is older than LONGEST stays, but for the
        newest of all.
        Returns what was deleted. Raises Damaged where a kept one does not say which files it needs:
        then no file is deleted. Raises BackupFailed where one cannot be deleted.
        """
        try:
            return self._prune(wall_now, daily, weekly)
        except OSError as error:
            raise BackupFailed(
                f"The new backup is whole, but old ones cannot be deleted: {error.strerror}: "
                f"{error.filename}."
            ) from None

    def _prune(self, wall_now: datetime, daily: int, weekly: int) -> list[str]:
        names = self.names()
        kept = kept_of(names, wall_now=wall_now, daily=daily, weekly=weekly)
        gone = [name for name in names if name not in kept]
        for name in gone:
            # Under this name it is no backup any more, even if this is cut short.
            part = self.path / f"{name}{PART}"
            (self.path / name).rename(part)
            shutil.rmtree(part)
        named: set[str] = set()
        for name in sorted(kept):
            try:
                named.update(self.sums(name))
            except Damaged:
                raise Damaged(
                    f"The new backup is whole, but {name} has no readable {SUMS}, so old files "
                    f"stay. Delete the folder {name}, or copy its {SUMS} back."
                ) from None
        for file in (self.path / FILES).glob("*/*"):
            if f"../{file.relative_to(self.path)}" not in named:
                file.unlink()
        return gone


def kept_of(
    names: Collection[str], *, wall_now: datetime, daily: int, weekly: int
) -> frozenset[str]:
    """Return which backups to keep, see `BackupFolder.prune`. Days and weeks are of UTC."""
    by_day: dict[str, str] = {}
    by_week: dict[str, str] = {}
    for name in sorted(names):
        moment = moment_of(name)
        by_day[f"{moment:%Y-%m-%d}"] = name
        by_week[f"{moment:%G-%V}"] = name
    wanted = {by_day[day] for day in sorted(by_day)[-daily:]}
    wanted |= {by_week[week] for week in sorted(by_week)[-weekly:]} if weekly else set()
    wanted |= {name for name in names if wall_now - moment_of(name) < ALL_OF}
    young = {name for name in wanted if wall_now - moment_of(name) <= LONGEST}
    return frozenset(young | {max(names)} if names else young)


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file's bytes, and how many they are."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _keep(folder: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
