"""Files in a bucket of S3: private, whole, never overwritten, and gone once they are deleted.

Only an installation with requirements-s3.txt imports this module. django-storages makes the clients
and lists; what its own writing, reading and deleting do not promise stands here.
"""

import base64
import errno
import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from core import disk_reserve
from core.outages import StoreAway
from core.stores import NotListed

CONNECTS_WITHIN = 3  # seconds
ANSWERS_WITHIN = 10  # seconds without a byte
ATTEMPTS = 2
IN_MEMORY = 1024 * 1024  # bytes of a file; beyond, it passes through the disk
PIECE = 64 * 1024  # bytes
LARGEST = 5 * 1024**3  # bytes that S3 takes in one request
NAMES_TRIED = 5
VERSIONS = 1_000  # of one name, far more than there ever are
_making = Lock()  # boto3 makes one client at a time
TRIALS = "trials"  # what is written to see whether it can be
REASONS = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidAccessKeyId": "the key is not known there",
    "SignatureDoesNotMatch": "the secret is not the key’s",
    "ExpiredToken": "the key has expired",
    "AccessDenied": "the key may not do this",
    "403": "the key may not do this",
}


class S3Files(S3Storage):
    """The files of one bucket.

    Every method raises StoreAway where S3 does not answer or refuses, and FileNotFoundError only
    for a file that is certainly not there. No right to list is needed: without it S3 answers 403
    for a missing file, and a trial tells that from a key without rights.
    """

    def __init__(self, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECTS_WITHIN,
            read_timeout=ANSWERS_WITHIN,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            signature_version="s3v4",
            # Other makers' servers are seldom found under a name of the bucket's own.
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            # A file has its SHA-256; of what else the client may add, other servers know little.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(**options, client_config=config, file_overwrite=False)
        self._left: list[tuple[str, str | None]] = []  # trials that the bucket would not delete

    @cached_property
    def _client(self) -> Any:
        """One for all threads: making one takes half a second, and boto3's clients allow it."""
        with _making:
            return self.connection.meta.client

    @cached_property
    def _where(self) -> str:
        return f"the bucket {self.bucket_name}"

    def url(self, name: str | None, *_args: Any, **_options: Any) -> str:
        """Refuse: views send files to those who may have them."""
        raise NotImplementedError("files have no address")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name as it is: whether it is taken, S3 says when the file is written."""
        return name

    def _save(self, name: str, content: File) -> str:
        """Write the file under a name that nothing has, and return that name.

        S3 compares the bytes with their SHA-256 before it keeps them. A client that tries again
        after an answer was lost finds its own file, which has the mark of this writing.
        """
        digest, size = _digest_of(content)
        if size > LARGEST:
            raise disk_reserve.NoRoom(
                f"It has {size:,} bytes, and a bucket takes 5 GB in one file. Choose less at once."
            )
        mark = secrets.token_hex(8)
        facts = {
            "ContentLength": size,
            "ContentType": "application/octet-stream",
            "ChecksumSHA256": digest,
            "Metadata": {"writing": mark},
            **self.object_parameters,
        }
        for _ in range(NAMES_TRIED):
            if self._put(name, content, facts) or self._has_mark(name, mark):
                return name
            name = self.get_alternative_name(name, "")
        raise StoreAway("every name is taken", self._where)

    def _put(self, name: str, content: File, facts: dict[str, Any]) -> bool:
        """Return whether the file was written; False if there is one of that name."""
        target = {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}
        with self._asking():
            try:
                content.seek(0)
                self._client.put_object(**target, **facts, Body=content, IfNoneMatch="*")
            except ClientError as error:
                if _status(error) == 412:
                    return False
                if _status(error) != 501:
                    raise
                # A server that does not know the condition.
                if self.exists(name):
                    return False
                content.seek(0)
                self._client.put_object(**target, **facts, Body=content)
        return True

    def _has_mark(self, name: str, mark: str) -> bool:
        found = self._look(name)
        return found is not None and found["Metadata"].get("writing") == mark

    def _open(self, name: str, mode: str = "rb") -> File:
        """Return the file once all of it has come; it passes through memory, or the disk."""
        key = self._normalize_name(name)
        with self._asking():
            try:
                answer = self._client.get_object(Bucket=self.bucket_name, Key=key)
            except ClientError as error:
                if self._is_missing(error):
                    raise FileNotFoundError(f"no file {name}") from error
                raise
            with closing(answer["Body"]) as body:
                return File(self._fetched(body), name)

    def _fetched(self, body: Any) -> Any:
        try:
            spooled = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - whoever opened it closes it
                max_size=IN_MEMORY, dir=str(disk_reserve.folder())
            )
            with ExitStack() as unless_whole:
                unless_whole.callback(spooled.close)
                for piece in body.iter_chunks(PIECE):
                    spooled.write(piece)
                spooled.seek(0)
                unless_whole.pop_all()
        except BotoCoreError:
            raise  # some are OSErrors, too, and a bucket that falls silent is no full disk
        except OSError as error:  # for readers, a file that is missing
            raise StoreAway(
                error.strerror or "no room", "the disk that files pass through"
            ) from error
        return spooled

    def delete(self, name: str) -> None:
        """Delete the file with every version that the bucket keeps of it.

        There is one version, as nothing is overwritten, but somebody may have deleted it by another
        way: then a marker lies on it. Raises PermissionError where S3 refuses this file alone, such
        as one that somebody locked, and StoreAway where it deletes none.
        """
        key = self._normalize_name(name)
        for _ in range(VERSIONS):
            found = self._look(name, markers=True)
            if found is None:
                return
            version = found.get("VersionId")
            try:
                self._delete(key, version)
            except StoreAway as error:
                refused = isinstance(error.__cause__, ClientError) and _status(error.__cause__)
                if refused != 403 or self.problem():
                    raise
                raise PermissionError(
                    errno.EACCES, f"{self._where} lets others be deleted, but not this file"
                ) from error
            if version is None:
                return
        raise StoreAway("more versions than can be", self._where)

    def _delete(self, key: str, version: str | None) -> None:
        which = {} if version is None else {"VersionId": version}
        with self._asking():
            self._client.delete_object(Bucket=self.bucket_name, Key=key, **which)

    def _look(self, name: str, *, markers: bool = False) -> dict[str, Any] | None:
        """Return what S3 knows of a file, None if it is not there; or of the marker of one."""
        key = self._normalize_name(name)
        with self._asking():
            try:
                return self._client.head_object(Bucket=self.bucket_name, Key=key)
            except ClientError as error:
                headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
                if markers and headers.get("x-amz-delete-marker") == "true":
                    return {"VersionId": headers["x-amz-version-id"]}
                if _status(error) not in {403, 404}:
                    raise
            # An answer to HEAD has no body to say which of several reasons it was.
            try:
                found = self._client.get_object(Bucket=self.bucket_name, Key=key)
            except ClientError as error:
                if self._is_missing(error):
                    return None
                raise
            found["Body"].close()  # it came meanwhile
            return found

    def _is_missing(self, error: ClientError) -> bool:
        if _code(error) == "AccessDenied":
            return self._reads()
        return _code(error) == "NoSuchKey"

    def _reads(self) -> bool:
        """Return whether the key may read what there is, tried with a file of its own."""
        with self._trial() as key, self._asking():
            try:
                self._client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
            except ClientError:
                return False
        return True

    def exists(self, name: str) -> bool:
        return self._look(name) is not None

    def size(self, name: str) -> int:
        return int(self._found(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        """Return when the file was written, as an aware moment."""
        moment: datetime = self._found(name)["LastModified"]
        return moment

    def _found(self, name: str) -> dict[str, Any]:
        found = self._look(name)
        if found is None:
            raise FileNotFoundError(f"no file {name}")
        return found

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of folders and files. Raises NotListed where the key may not list."""
        prefix = f"{self._normalize_name(path)}/" if path else ""
        folders: list[str] = []
        files: list[str] = []
        pages = self._client.get_paginator("list_objects_v2")
        with self._asking():
            try:
                for page in pages.paginate(Bucket=self.bucket_name, Delimiter="/", Prefix=prefix):
                    found = page.get("CommonPrefixes", [])
                    folders += [one["Prefix"].removeprefix(prefix).rstrip("/") for one in found]
                    keys = (one["Key"].removeprefix(prefix) for one in page.get("Contents", []))
                    files += filter(None, keys)
            except ClientError as error:
                if _code(error) == "AccessDenied":
                    raise NotListed from error
                raise
        return folders, files

    def problem(self) -> str:
        """Return why no file can be taken; "" if one can. Costs one writing and one deletion."""
        try:
            key, version = self._write_trial()
        except StoreAway as error:
            return f"cannot be written ({error.host}: {error})"
        try:
            self._end_trial(key, version)
        except StoreAway as error:
            return f"warning: no file can be deleted ({error.host}: {error})"
        return ""

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the bucket, in sentences, for `manage.py check --deploy`."""
        try:
            key, version = self._write_trial()
        except StoreAway as error:
            yield f"No file can be kept in {error.host}: {error}."
            return
        try:
            self._end_trial(key, version)
        except StoreAway as error:
            yield f"No file can be deleted in {error.host}, so nothing can be erased: {error}."
            return
        try:
            with self._trial() as key:
                if not self._reads():
                    yield f"Files are written to {self._where}, and the key may not read them."
                if self._is_public(key):
                    yield (
                        f"Everybody can read files in {self._where}: take away its public access."
                    )
                if self._overwrites(key):
                    yield (
                        f"The server of {self._where} overwrites in spite of “If-None-Match: *”. "
                        "The portal’s names are random, so nothing is overwritten by chance."
                    )
        except StoreAway as error:
            yield f"Not all could be tried in {error.host}: {error}."

    def _is_public(self, key: str) -> bool:
        unsigned = self.unsigned_connection.meta.client
        with self._asking():
            try:
                unsigned.get_object(Bucket=self.bucket_name, Key=key)["Body"].close()
            except ClientError:
                return False
        return True

    def _overwrites(self, key: str) -> bool:
        with self._asking():
            try:
                answer = self._client.put_object(
                    Bucket=self.bucket_name, Key=key, Body=b"again", IfNoneMatch="*"
                )
            except ClientError as error:
                if _status(error) in {409, 412, 501}:
                    return False
                raise
        self._delete(key, answer.get("VersionId"))
        return True

    @contextmanager
    def _trial(self) -> Iterator[str]:
        """Write a small file, lend its key, and delete it."""
        key, version = self._write_trial()
        try:
            yield key
        finally:
            self._end_trial(key, version)

    def _write_trial(self) -> tuple[str, str | None]:
        """Return the key and the version, by which it is deleted for good.

        One that the bucket would not delete is taken again: S3 says that it may not be written
        before it says that it is there.
        """
        left = None
        with suppress(IndexError):
            left = self._left.pop()
        key = left[0] if left else self._normalize_name(f"{TRIALS}/{secrets.token_hex(16)}")
        content = ContentFile(b"ready")
        facts = {"ChecksumSHA256": _digest_of(content)[0], **self.object_parameters}
        if left:
            facts["IfNoneMatch"] = "*"
        with self._asking():
            try:
                answer = self._client.put_object(
                    Bucket=self.bucket_name, Key=key, Body=content, **facts
                )
            except (BotoCoreError, ClientError) as error:
                if left and isinstance(error, ClientError) and _status(error) in {412, 501}:
                    return left
                if left:
                    self._left.append(left)
                raise
        return key, answer.get("VersionId")

    def _end_trial(self, key: str, version: str | None) -> None:
        try:
            self._delete(key, version)
        except StoreAway:
            self._left.append((key, version))
            raise

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn what the client raises into StoreAway, with a reason without data."""
        try:
            yield
        except ClientError as error:
            code = _code(error)
            reason = REASONS.get(code)
            raise StoreAway(f"{reason} ({code})" if reason else code, self._where) from error
        except BotoCoreError as error:
            # Its message has an address, and may have what somebody typed as one.
            raise StoreAway(f"no answer ({type(error).__name__})", self._where) from error


def _digest_of(content: File) -> tuple[str, int]:
    """Return the SHA-256 as S3 takes it, and the bytes: of a file that is being written, Django
    may know fewer.
    """
    found, size = hashlib.sha256(), 0
    for piece in content.chunks(PIECE):
        found.update(piece)
        size += len(piece)
    content.seek(0)
    return base64.b64encode(found.digest()).decode(), size


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", "no reason"))


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
