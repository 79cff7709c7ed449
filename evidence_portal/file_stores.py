"""Reading where files are kept: in the folder PORTAL_MEDIA, or in a bucket of S3."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from core.stores import DISK, PRIVATE, S3
from evidence_portal.environment import read_text, split_url

ENCRYPTIONS = ("AES256", "aws:kms")
# What boto3 takes: no underscore, such as many containers have in their names.
SERVER = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
BUCKET = re.compile(r"[a-z0-9._-]{1,255}|arn:\S+", re.ASCII | re.IGNORECASE)
Stores = dict[str, dict[str, Any]]


def read_stores(folder: Path) -> tuple[bool, Stores]:
    """Return whether new files go into a bucket, and the stores of files as STORAGES has them.

    With a bucket both stores are there, whichever new files go into, so that files of before are
    found and `move_files` can move them.
    """
    disk = {
        "BACKEND": "core.disk_files.DiskFiles",
        "OPTIONS": {
            "location": folder,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }
    bucket = _read_bucket()
    place = read_text("PORTAL_FILES", default="s3" if bucket else "disk")
    if place not in {"disk", "s3"}:
        raise ImproperlyConfigured(f"PORTAL_FILES is {place!r}: write disk or s3.")
    if bucket is None:
        if place == "s3":
            raise ImproperlyConfigured(
                "PORTAL_FILES is s3, and PORTAL_FILES_S3_BUCKET is not set: name the bucket."
            )
        return False, {PRIVATE: disk}
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "PORTAL_FILES_S3_BUCKET is set, and the packages for S3 are not installed: install "
            "requirements-s3.txt, or build the image with REQUIREMENTS=requirements-s3.txt."
        )
    first, second = (S3, DISK) if place == "s3" else (DISK, S3)
    both = {
        "BACKEND": "core.two_stores.TwoStores",
        "OPTIONS": {"first": first, "second": second},
    }
    s3 = {"BACKEND": "core.s3_files.S3Files", "OPTIONS": bucket}
    return place == "s3", {PRIVATE: both, DISK: disk, S3: s3}


def _read_bucket() -> dict[str, Any] | None:
    """Return the options of the bucket, None for none; refuse what is half set."""
    given = {
        "PORTAL_FILES_S3_ENDPOINT": read_text("PORTAL_FILES_S3_ENDPOINT", default=""),
        "PORTAL_FILES_S3_REGION": read_text("PORTAL_FILES_S3_REGION", default=""),
        "PORTAL_FILES_S3_KEY_ID": read_text("PORTAL_FILES_S3_KEY_ID", default=""),
        "PORTAL_FILES_S3_SECRET": read_text("PORTAL_FILES_S3_SECRET", default=""),
        "PORTAL_FILES_S3_ENCRYPTION": read_text("PORTAL_FILES_S3_ENCRYPTION", default=""),
        "PORTAL_FILES_S3_KMS_KEY": read_text("PORTAL_FILES_S3_KMS_KEY", default=""),
    }
    bucket = read_text("PORTAL_FILES_S3_BUCKET", default="")
    if not bucket:
        if half := [name for name, value in given.items() if value]:
            raise ImproperlyConfigured(
                f"{half[0]} is set, and PORTAL_FILES_S3_BUCKET is not: name the bucket, or unset "
                "every PORTAL_FILES_S3_ variable."
            )
        return None
    if not BUCKET.fullmatch(bucket):
        raise ImproperlyConfigured(
            f"PORTAL_FILES_S3_BUCKET is {bucket!r}: write the bucket’s name alone, such as "
            "evidence."
        )
    endpoint, region, key, secret, encryption, kms_key = given.values()
    if endpoint:
        remedy = "https://s3.example.org, the address of a server that speaks S3."
        parts = split_url(
            "PORTAL_FILES_S3_ENDPOINT", endpoint, schemes={"http", "https"}, remedy=remedy
        )
        host = parts.hostname or ""
        if not SERVER.fullmatch(host) or parts.username or parts.password:
            raise ImproperlyConfigured(f"PORTAL_FILES_S3_ENDPOINT must look like {remedy}")
    elif not region:
        raise ImproperlyConfigured(
            "PORTAL_FILES_S3_BUCKET is set, and neither PORTAL_FILES_S3_REGION nor "
            "PORTAL_FILES_S3_ENDPOINT is: write the region, such as eu-west-2, or the server’s "
            "address."
        )
    if bool(key) != bool(secret):
        one, other = ("KEY_ID", "SECRET") if key else ("SECRET", "KEY_ID")
        raise ImproperlyConfigured(
            f"PORTAL_FILES_S3_{one} is set, and PORTAL_FILES_S3_{other} is not: write both, or "
            "neither where the machine itself has the right (a role, or a file of AWS’s tools)."
        )
    if encryption and encryption not in ENCRYPTIONS:
        raise ImproperlyConfigured(
            f"PORTAL_FILES_S3_ENCRYPTION is {encryption!r}: write AES256 or aws:kms, or unset it."
        )
    if kms_key and encryption != "aws:kms":
        raise ImproperlyConfigured(
            "PORTAL_FILES_S3_KMS_KEY is set: it needs PORTAL_FILES_S3_ENCRYPTION=aws:kms."
        )
    options: dict[str, Any] = {"bucket_name": bucket, "region_name": region or "us-east-1"}
    if endpoint:
        options["endpoint_url"] = endpoint
    if key:
        options |= {"access_key": key, "secret_key": secret}
    parameters = {"ServerSideEncryption": encryption, "SSEKMSKeyId": kms_key}
    options["object_parameters"] = {name: value for name, value in parameters.items() if value}
    return options
