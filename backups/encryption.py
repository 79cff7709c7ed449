"""Encrypting to public keys in the age format (https://age-encryption.org/v1), in a stream.

Nothing is whole in memory, and nothing is plain on the disk. The plain `age` tool opens each file.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyrage
from pyrage import x25519

from backups.errors import BackupFailed, Damaged

SECRET = "AGE-SECRET-KEY-1"  # noqa: S105 - how each secret key begins
PUBLIC = "age1"
MAKE_KEYS = "Make a pair of keys with: age-keygen -o backup.key"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    def write(self, data: bytes, /) -> int | None: ...


class Reading:
    """Reads `source`, counts and digests what passes, and keeps the error that ended it."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._source.read(size)
        except Exception as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return data


class Writing:
    """Writes to `target`, digests what passes, and keeps the error that ended it."""

    def __init__(self, target: Writable) -> None:
        self._target = target
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._target.write(data)
        except Exception as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """What is written is flushed by who closes the target."""


def recipients_from(keys: Sequence[str]) -> list[x25519.Recipient]:
    """Return the public keys to encrypt to. Raises BackupFailed for none, or a wrong one."""
    if not keys:
        raise BackupFailed(
            f"No public key is named: set BACKUP_RECIPIENTS. {MAKE_KEYS}, keep that file away from "
            f"this server, and set the public key in it, which begins with {PUBLIC}."
        )
    found = []
    for key in keys:
        try:
            found.append(x25519.Recipient.from_str(key))
        except pyrage.RecipientError:
            raise BackupFailed(
                f"BACKUP_RECIPIENTS has a word that is no public key of age. {MAKE_KEYS}, and take "
                f"the one that begins with {PUBLIC}."
            ) from None
    return found


def identities_in(text: str) -> list[x25519.Identity]:
    """Return the secret keys in the text of a file of `age-keygen`. Raises BackupFailed."""
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [x25519.Identity.from_str(line) for line in lines if line.startswith(SECRET)]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise BackupFailed(
            f"The identity has no secret key of age, a line that begins with {SECRET}. If a "
            "passphrase protects the file, decrypt it first: age --decrypt"
        )
    return found


def encrypt(
    source: Readable, target: Path, recipients: Sequence[x25519.Recipient]
) -> tuple[Reading, Writing]:
    """Encrypt all of `source` into the new file `target`, and have the disk keep it.

    Returns what was read and what was written, with their digests. Raises what reading raised, and
    BackupFailed where the file cannot be written.
    """
    read = Reading(source)
    try:
        with target.open("xb") as file:
            written = Writing(file)
            try:
                # The stub says BufferedIOBase; `read` and `write` are all that is asked for.
                pyrage.encrypt_io(read, written, recipients)  # type: ignore[arg-type]  # as above
            except (pyrage.EncryptError, OSError) as error:
                raise read.error or written.error or error from None
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error is read.error:
            raise
        raise cannot_write(target, error) from None
    return read, written


def decrypt(path: Path, target: Writable, identities: Sequence[x25519.Identity]) -> Writing:
    """Decrypt the file at `path` into `target`. Returns what was written, with its digest.

    Raises BackupFailed where the file cannot be read or no key opens it, Damaged where it is
    missing, was cut short or changed, and what writing raised.
    """
    written = Writing(target)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Damaged(f"{path.name} is missing. Take another backup.") from None
    except OSError as error:
        raise _cannot_read(path, error) from None
    with file:
        read = Reading(file)
        try:
            pyrage.decrypt_io(read, written, identities)  # type: ignore[arg-type]  # as above
        except (pyrage.DecryptError, OSError) as error:
            if isinstance(read.error, OSError):
                raise _cannot_read(path, read.error) from None
            if cause := read.error or written.error:
                raise cause from None
            if "No matching keys" in str(error):
                raise BackupFailed(
                    f"This identity does not open {path.name}: it was encrypted to other keys. "
                    "Look for the identity of a key that was set when it was made."
                ) from None
            raise Damaged(
                f"{path.name} was cut short or changed. Take another backup, or another copy "
                "of this one."
            ) from None
    return written


def _cannot_read(path: Path, error: OSError) -> BackupFailed:
    return BackupFailed(f"{path} cannot be read: {error.strerror}. Take another copy of it.")


def cannot_write(path: Path, error: OSError) -> BackupFailed:
    return BackupFailed(
        f"{path.parent} takes no more: {error.strerror}. Make room, or back up to another disk."
    )
