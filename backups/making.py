"""Making a backup: database and files as one moment has them, encrypted, whole or not at all.

The list of files is read in the snapshot that pg_dump dumps. A file is written once and never
changed, so its bytes may be copied later. One that an earlier backup stored is not stored again.
"""

import io
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from django.core.exceptions import SuspiciousFileOperation
from django.utils.crypto import salted_hmac
from pyrage import x25519

from backups import contents, folder, programs
from backups.contents import Contents, StoredFile
from backups.encryption import encrypt, recipients_from
from backups.errors import BackupFailed
from backups.folder import DATABASE, ERASURES, FILES, MANIFEST, PART, BackupFolder
from core.outages import StoreAway
from personal_data import since_backups
from submissions.responses.models.attachments import private_storage

LOCK_WITHIN = "60s"  # a migration that runs may hold a table for longer


@dataclass
class Made:
    """A whole backup: its name, how many files it names, how many of them it stored anew.

    `lost` are the files that the store has no longer as they were given, and that no backup has.
    """

    name: str
    counts: dict[str, int]
    stored: int = 0
    lost: list[str] = field(default_factory=list)


def make(
    into: BackupFolder,
    *,
    recipients: Sequence[str],
    at: datetime,
    also_for: x25519.Recipient | None = None,
) -> Made:
    """Make the backup of this moment and return what it has. `at` is real time.

    `also_for`: a key that opens the database, the manifest and the erasures of this one backup, for
    a drill. Raises BackupFailed, and then leaves nothing that looks like a backup.
    """
    keys = recipients_from(recipients)
    with into.locked():
        try:
            part = into.begin(folder.name_at(at))
            try:
                return _Making(into, part, keys, also_for).make(sorted(recipients), at)
            finally:
                into.discard(part)
        except OSError as error:
            raise BackupFailed(
                f"{into.path} takes no more: {error.strerror}. Make room, or use another disk."
            ) from None


def write_erasures(into: BackupFolder, *, recipients: Sequence[str]) -> int:
    """Put the newest list of erasures beside the backups; return how many they are."""
    keys = recipients_from(recipients)
    listed = contents.erasures_now()
    with into.locked():
        part = into.path / f"{ERASURES}{PART}"
        part.unlink(missing_ok=True)
        encrypt(io.BytesIO(_lines(listed)), part, keys)
        part.rename(into.path / ERASURES)
    return sum(map(since_backups.is_erasure, listed))


class _Making:
    def __init__(
        self,
        into: BackupFolder,
        part: Path,
        keys: list[x25519.Recipient],
        also_for: x25519.Recipient | None,
    ) -> None:
        self._into = into
        self._part = part
        self._keys = keys
        self._keys_of_this = keys + ([also_for] if also_for else [])
        self._sums: dict[str, str] = {}

    def make(self, recipients: list[str], at: datetime) -> Made:
        with contents.at_one_moment() as there:
            self._dump(there)
        made = Made(self._part.stem, there.facts["counts"])
        files = self._store(there.files, recipients, made)
        self._put(ERASURES, _lines(there.erasures))
        manifest = there.facts | {
            "made_at": at.isoformat(),
            "files": files,
            "lost": made.lost,
        }
        self._put(MANIFEST, json.dumps(manifest).encode())
        self._into.finish(self._part, self._sums)
        return made

    def _dump(self, there: Contents) -> None:
        """Let pg_dump write into the encryption, and that to the disk."""
        program = programs.find("pg_dump", at_least=programs.server_major())
        command = [
            str(program),
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--snapshot={there.snapshot}",
            f"--lock-wait-timeout={LOCK_WITHIN}",
            f"--dbname={programs.address()}",
        ]
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=said, env=programs.environment()
            ) as running:
                try:
                    self._encrypt(cast("IO[bytes]", running.stdout), DATABASE)
                except BaseException:
                    running.kill()
                    raise
            if running.returncode != 0:
                said.seek(0)
                reason = programs.reason_in(said.read().decode(errors="replace"))
                raise BackupFailed(f"PostgreSQL's dump broke off: {reason}.")

    def _store(
        self, files: list[StoredFile], recipients: list[str], made: Made
    ) -> list[dict[str, Any]]:
        known = self._into.known_files()
        named = []
        for file in files:
            path = _path_of(file, recipients)
            if path not in known or not (self._part / path).exists():
                digest = self._copy(file, self._part / path)
                if not digest:
                    if contents.is_still_there(file):
                        made.lost.append(file.name)
                    continue
                known[path] = digest
                made.stored += 1
            self._sums[path] = known[path]
            named.append({"name": file.name, "sha256": file.sha256, "stored": path})
        return named

    def _copy(self, file: StoredFile, target: Path) -> str:
        """Encrypt a file and return the digest of that; "" if it is not there as it was given."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}{PART}")
        part.unlink(missing_ok=True)
        try:
            with private_storage().open(file.name) as source:
                read, written = encrypt(source, part, self._keys)
        except StoreAway as error:
            raise BackupFailed(f"{error.host}: {error}. Bring it back first.") from None
        except (OSError, SuspiciousFileOperation):
            # Of the source: where the target cannot be written, the backup ends.
            part.unlink(missing_ok=True)
            return ""
        if read.digest.hexdigest() != file.sha256:
            part.unlink()
            return ""
        part.rename(target)
        return written.digest.hexdigest()

    def _put(self, name: str, data: bytes) -> None:
        self._encrypt(io.BytesIO(data), name)

    def _encrypt(self, source: IO[bytes], name: str) -> None:
        _, written = encrypt(source, self._part / name, self._keys_of_this)
        self._sums[name] = written.digest.hexdigest()


def _path_of(file: StoredFile, recipients: list[str]) -> str:
    """Return where a file is stored, seen from the folder of a backup.

    The name is a keyed digest: whoever has a copy of a file cannot look whether it is there. With
    other recipients it is another name, so that a new key opens all of a new backup.
    """
    name = salted_hmac(
        "backups.file", f"{file.sha256} {' '.join(recipients)}", algorithm="sha256"
    ).hexdigest()
    return f"../{FILES}/{name[:2]}/{name}.age"


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
