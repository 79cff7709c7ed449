"""Files in a bucket of S3: private, whole, never overwritten, and gone once they are deleted.

Only an installation with requirements-s3.txt imports this module. django-storages makes the clients
and lists; what its own writing, reading and deleting do not promise stands here and in `s3_bucket`.
"""

import errno
import secrets
import tempfile
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File

from core import disk_reserve
from core.outages import StoreAway
from core.s3_bucket import PIECE, S3Bucket, code_of, digest_of, status_of
from core.stores import NotListed

IN_MEMORY = 1024 * 1024  # bytes of a file; beyond, it passes through the disk
LARGEST = 5 * 1024**3  # bytes that S3 takes in one request
NAMES_TRIED = 5
VERSIONS = 1_000  # of one name, far more than there ever are


class S3Files(S3Bucket):
    """The files of one bucket.

    Every method raises StoreAway where S3 does not answer or refuses, and FileNotFoundError only
    for a file that is certainly not there. No right to list is needed: without it S3 answers 403
    for a missing file, and a trial tells that from a key without rights.
    """

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
        digest, size = digest_of(content)
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
                if status_of(error) == 412:
                    return False
                if status_of(error) != 501:
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
                refused = isinstance(error.__cause__, ClientError) and status_of(error.__cause__)
                if refused != 403 or self.problem():
                    raise
                raise PermissionError(
                    errno.EACCES, f"{self._where} lets others be deleted, but not this file"
                ) from error
            if version is None:
                return
        raise StoreAway("more versions than can be", self._where)

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
                if status_of(error) not in {403, 404}:
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
        if code_of(error) == "AccessDenied":
            return self._reads()
        return code_of(error) == "NoSuchKey"

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
                if code_of(error) == "AccessDenied":
                    raise NotListed from error
                raise
        return folders, files
