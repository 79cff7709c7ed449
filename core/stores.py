"""The stores of files that settings name, by their aliases in STORAGES.

`private` keeps what people gave and what was made of it. With a bucket it stands for two stores,
`s3` and `disk`, so that files can be moved between them.
"""

from collections.abc import Iterator
from typing import Protocol, cast

from django.core.files.storage import Storage, storages

PRIVATE = "private"
DISK = "disk"
S3 = "s3"


class NotListed(Exception):
    """The store does not say which files it has: the key may not list the bucket."""


class Bucket(Protocol):
    """What `core.s3_files.S3Files` can do beside keeping files. Light installations have none."""

    def problem(self) -> str: ...

    def problems(self) -> Iterator[str]: ...


def bucket() -> Bucket:
    return cast(Bucket, storages[S3])


def has_bucket() -> bool:
    return S3 in storages.backends


def store(alias: str) -> Storage:
    return storages[alias]
