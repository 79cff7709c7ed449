"""Restoring a backup into an empty database and an empty store of files.

First the files, then the database in one transaction: what fails up to there leaves both empty, as
they were. From there on nothing is taken back, and what was not done is said.
"""

import io
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import connection
from pyrage import x25519

from backups import programs, reports
from backups.contents import FORMAT, fingerprint_of
from backups.encryption import decrypt
from backups.errors import BackupFailed, Damaged
from backups.folder import DATABASE, ERASURES, MANIFEST, BackupFolder
from core import advisory_locks, database_roles, disk_reserve, moving_files, schema
from core.database_roles import SCHEMA
from core.outages import StoreAway
from core.stores import NotListed
from personal_data import erasing, since_backups
from submissions.outbox import holding
from submissions.responses.models.attachments import private_storage

IN_MEMORY = 8 * 1024 * 1024  # bytes of a file; longer ones wait on the disk that they go to
# What may lie in the store before a restore; the last is of a disk of its own.
BESIDE_FILES = frozenset(
    {erasing.FOLDER, reports.FOLDER, holding.MARK, moving_files.LAST, "lost+found"}
)
RESTORE_LOCK = 5_283_309  # any number that no other advisory lock of this database has
TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind <> 'i'"


@dataclass
class Restored:
    """`unread` are the lists of erasures that could not be read."""

    name: str
    manifest: dict[str, Any]
    files: int = 0
    erasures: list[dict[str, Any]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def has_other_key(self) -> bool:
        """Whether that of the backup is neither SECRET_KEY nor one of before."""
        known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return self.manifest["secret_key"] not in map(fingerprint_of, known)


class Restoring:
    """One restore, of a backup that is compared with its digests first.

    `with_files` False: the files are compared as they are stored, and stay where they are. `alone`:
    the identities open this backup alone, so no other list of erasures is read.
    """

    def __init__(
        self,
        of: BackupFolder,
        name: str,
        identities: list[x25519.Identity],
        *,
        with_files: bool = True,
        alone: bool = False,
    ) -> None:
        self._of = of
        self._name = of.chosen(name)
        self._identities = identities
        self._with_files = with_files
        self._alone = alone
        self._folder = of.path / self._name

    def restore(self, *, wall_now: datetime) -> Restored:
        """Restore database and files, with mail held from before there is a row.

        Raises BackupFailed, and then both are as empty as before.
        """
        self._of.check(self._name)
        manifest = json.loads(self._text(self._folder / MANIFEST))
        if manifest.get("format") != FORMAT:
            raise BackupFailed(
                f"{self._name} was made by portal {manifest.get('portal')}, in a form unknown "
                "here. Restore it with that release."
            )
        refuse_unless_empty(private_storage(), files=self._with_files)
        self._refuse_newer(manifest)
        restored = Restored(self._name, manifest)
        saved: list[str] = []
        try:
            if self._with_files:
                for file in manifest["files"]:
                    self._restore_file(file, saved)
            holding.hold(wall_now=wall_now)
            self._restore_database()
        except BaseException:
            for name in [*saved, holding.MARK]:
                private_storage().delete(name)
            raise
        restored.files = len(saved)
        restored.erasures = list(self._erasures(restored))
        return restored

    def _refuse_newer(self, manifest: dict[str, Any]) -> None:
        known = {f"{app}.{name}" for app, name in schema.known()}
        if unknown := sorted(set(manifest["migrations"]) - known):
            raise BackupFailed(
                f"{self._name} has the migration {unknown[0]}, unknown here: it is of another "
                f"release. Restore it with portal {manifest['portal']} or a newer one."
            )

    def _restore_file(self, file: dict[str, str], saved: list[str]) -> None:
        storage = private_storage()
        passes_through = str(disk_reserve.folder())
        try:
            with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=passes_through) as plain:
                written = decrypt(self._folder / file["stored"], plain, self._identities)
                if written.digest.hexdigest() != file["sha256"]:
                    raise Damaged(f"{file['stored']} holds another file. Take another backup.")
                plain.seek(0)
                # Before it is: a part of it, on a full disk, goes with the others.
                saved.append(file["name"])
                saved[-1] = storage.save(file["name"], File(plain))
        except OSError as error:
            raise BackupFailed(
                f"The store of files takes no more: {error.strerror}. Make room there."
            ) from None
        except StoreAway as error:
            raise BackupFailed(f"{error.host}: {error}. Bring it back first.") from None
        if saved[-1] != file["name"]:
            raise BackupFailed(f"The store of files has {file['name']} already. Empty it.")

    def _restore_database(self) -> None:
        with database_roles.as_owner():
            program = programs.find("pg_restore", at_least=programs.server_major())
            command = [
                str(program),
                "--no-owner",
                "--no-privileges",
                "--no-password",
                "--single-transaction",
                "--exit-on-error",
                f"--dbname={programs.address()}",
            ]
            environment = programs.environment()
            connection.close()
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
            ) as running:
                pipe = cast("IO[bytes]", running.stdin)
                try:
                    decrypt(self._folder / DATABASE, pipe, self._identities)
                    pipe.close()
                except BrokenPipeError:
                    pass  # it has ended, and says why
                except BaseException:
                    # Before its input ends: what arrived must not pass for the whole.
                    running.kill()
                    raise
                finally:
                    # What was not written yet has no reader any more. That is not the reason.
                    with suppress(BrokenPipeError):
                        pipe.close()
                running.wait()
            if running.returncode != 0:
                said.seek(0)
                reason = programs.reason_in(said.read().decode(errors="replace"))
                raise BackupFailed(f"PostgreSQL refused the dump, and stays empty: {reason}.")

    def _erasures(self, restored: Restored) -> Iterator[dict[str, Any]]:
        """Yield what the lists of this backup, of newer ones and beside them name, each once."""
        lists = [self._folder / ERASURES]
        if not self._alone:
            newer = [name for name in self._of.names() if name > self._name]
            latest = self._of.path / ERASURES
            lists += [self._of.path / name / ERASURES for name in newer]
            lists += [latest] if latest.exists() else []
        found: list[dict[str, Any]] = []
        for path in lists:
            try:
                found += [json.loads(line) for line in self._text(path).splitlines()]
            except BackupFailed:
                restored.unread.append(str(path.relative_to(self._of.path)))
        yield from since_backups.newest(found)

    def _text(self, path: Path) -> str:
        plain = io.BytesIO()
        decrypt(path, plain, self._identities)
        return plain.getvalue().decode()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let no other restore into this database begin meanwhile. Raises BackupFailed while one runs.

    Both would find it empty, and the one that failed would let the other's mail out.
    """
    with database_roles.as_owner():
        owner = connection.copy()
        # django.contrib.postgres asks for its types by the connection that was copied, which on a
        # new server has no serving role yet.
        owner.ensure_connection()
    with advisory_locks.held(RESTORE_LOCK, connection=owner) as is_alone:
        if not is_alone:
            raise BackupFailed(
                "Another restore into this database is running. Wait until it has ended."
            )
        yield


def refuse_unless_empty(storage: Storage, *, files: bool) -> None:
    """Raises BackupFailed where a restore would mix with what is there."""
    with database_roles.as_owner(), connection.cursor() as cursor:
        cursor.execute(TABLES, [SCHEMA])
        [tables] = cursor.fetchone()
    if tables:
        raise BackupFailed(
            "The database is not empty. Restore into a new one: nothing that is there is ever "
            "overwritten."
        )
    if files and (name := _first_file_or_refusal(storage)):
        raise BackupFailed(
            f"The store of files is not empty: it has {name}. Move what is there away first."
        )


def keep_tombstones(erasures: list[dict[str, Any]]) -> None:
    """Put the small files back that say what was erased, which the next restore reads."""
    storage = private_storage()
    for erasure in filter(since_backups.is_erasure, erasures):
        name = erasing.tombstone_name(erasure["request"])
        if not storage.exists(name):
            storage.save(name, ContentFile(json.dumps(erasure).encode() + b"\n"))


def _first_file_or_refusal(storage: Storage) -> str:
    try:
        return _first_file(storage)
    except NotListed:
        raise BackupFailed(
            "Whether the bucket of files is empty cannot be seen: let its key list it meanwhile."
        ) from None
    except StoreAway as error:
        raise BackupFailed(f"{error.host}: {error}. Bring it back first.") from None
    except OSError as error:
        raise BackupFailed(
            f"Whether the store of files is empty cannot be seen: {error.strerror}: "
            f"{error.filename}. Let the portal's account read it."
        ) from None


def _first_file(storage: Storage, folder: str = "") -> str:
    """Return the name of a file in the store, "" if there is none."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return ""
    for name in sorted(names):
        if folder or name not in BESIDE_FILES:
            return f"{folder}/{name}".lstrip("/")
    for name in sorted(folders):
        if not folder and name in BESIDE_FILES:
            continue
        if found := _first_file(storage, f"{folder}/{name}".lstrip("/")):
            return found
    return ""
