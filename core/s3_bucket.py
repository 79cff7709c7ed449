"""A bucket of S3: its clients, its errors in words, and trials of what can be done in it.

Only an installation with requirements-s3.txt imports this module.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ssl import SSLCertVerificationError
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from django.utils.functional import cached_property
from storages.backends.s3 import S3Storage

from core.error_chain import led_to
from core.outages import StoreAway

CONNECTS_WITHIN = 3  # seconds
ANSWERS_WITHIN = 10  # seconds without a byte
ATTEMPTS = 2
PIECE = 64 * 1024  # bytes
_making = Lock()  # boto3 makes one client at a time
TRIALS = "trials"  # folder of the small files that are written as a trial
REASONS = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidAccessKeyId": "the key is not known there",
    "SignatureDoesNotMatch": "the secret is not the key’s",
    "ExpiredToken": "the key has expired",
    "AccessDenied": "the key may not do this",
    "403": "the key may not do this",
}


class S3Bucket(S3Storage):
    """The clients of one bucket, which all threads share, and trials with small files.

    Every method raises StoreAway where S3 does not answer or refuses.
    """

    def __init__(self, **options: Any) -> None:
        config = Config(
            connect_timeout=CONNECTS_WITHIN,
            read_timeout=ANSWERS_WITHIN,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            signature_version="s3v4",
            # Few servers of other makers have a host name for each bucket.
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            # A file has its SHA-256. Not all servers know the checksums that the client would add.
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

    def _delete(self, key: str, version: str | None) -> None:
        which = {} if version is None else {"VersionId": version}
        with self._asking():
            self._client.delete_object(Bucket=self.bucket_name, Key=key, **which)

    def _reads(self) -> bool:
        """Return whether the key may read what there is, tried with a file of its own."""
        with self._trial() as key, self._asking():
            try:
                self._client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()
            except ClientError:
                return False
        return True

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
                if status_of(error) in {409, 412, 501}:
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
        facts = {"ChecksumSHA256": digest_of(content)[0], **self.object_parameters}
        if left:
            facts["IfNoneMatch"] = "*"
        with self._asking():
            try:
                answer = self._client.put_object(
                    Bucket=self.bucket_name, Key=key, Body=content, **facts
                )
            except (BotoCoreError, ClientError) as error:
                if left and isinstance(error, ClientError) and status_of(error) in {412, 501}:
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
            code = code_of(error)
            reason = REASONS.get(code)
            raise StoreAway(f"{reason} ({code})" if reason else code, self._where) from error
        except BotoCoreError as error:
            # Its message has an address, and may have what somebody typed as one.
            raise StoreAway(_why_none(error), self._where) from error


def _why_none(error: BotoCoreError) -> str:
    """Return why there is no answer, in words without data."""
    for one in led_to(error):
        if isinstance(one, SSLCertVerificationError):
            return f"its certificate is not valid: {one.verify_message.rstrip('.')}"
    return f"no answer ({type(error).__name__})"


def digest_of(content: File) -> tuple[str, int]:
    """Return the content's SHA-256 in base64, as S3 takes it, and its size in bytes.

    Django may know fewer bytes of a file that is being written.
    """
    found, size = hashlib.sha256(), 0
    for piece in content.chunks(PIECE):
        found.update(piece)
        size += len(piece)
    content.seek(0)
    return base64.b64encode(found.digest()).decode(), size


def code_of(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", "no reason"))


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
