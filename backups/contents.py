"""What belongs into a backup, as one moment of the database has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from backups.errors import BackupFailed
from core import database_roles, release, schema
from personal_data import since_backups
from submissions.responses.models import (
    Attachment,
    ResponseImport,
    Submission,
    Version,
)

FORMAT = 1


@dataclass(frozen=True)
class StoredFile:
    """A file in the storage of uploads; `sha256` and `size` are those of its row."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Contents:
    """`snapshot` is what pg_dump needs to see the same; it lasts as long as `at_one_moment`."""

    snapshot: str
    files: list[StoredFile]
    erasures: list[dict[str, Any]]
    facts: dict[str, Any]


@contextmanager
def at_one_moment() -> Iterator[Contents]:
    """Look at the database as it is now, as its owner, and hold that view for pg_dump.

    Raises BackupFailed for a database of another release, whose tables are not those of here, and
    for a role that may not read everything.
    """
    if refusal := schema.problem():
        raise BackupFailed(refusal)
    with database_roles.as_owner(), _read_by_owner():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
            snapshot, server = cursor.fetchone()
        erasures = erasures_now()
        files = list(_files())
        facts = {
            "format": FORMAT,
            "portal": release.VERSION,
            "postgresql": server,
            "migrations": applied_migrations(),
            "secret_key": fingerprint_of(settings.SECRET_KEY),
            "settings": settings.SETTINGS_GIVEN,
            "counts": {
                "responses": Submission.objects.count(),
                "versions": Version.objects.count(),
                "files": len(files),
                "erasures": sum(map(since_backups.is_erasure, erasures)),
            },
        }
        yield Contents(snapshot, files, erasures, facts)


@contextmanager
def _read_by_owner() -> Iterator[None]:
    if not database_roles.owns_tables():
        raise BackupFailed(
            "The role of DATABASE_URL may not read everything: set MIGRATION_DATABASE_URL to the "
            "address of the tables' owner for this command."
        )
    with transaction.atomic():
        yield


def erasures_now() -> list[dict[str, Any]]:
    """Return the list of erasures, with the withdrawals and what else a restore has to know."""
    return list(since_backups.rows())


def _files() -> Iterator[StoredFile]:
    """Yield what respondents gave and what is being imported. Exports are made again."""
    for model in (Attachment, ResponseImport):
        rows = model._default_manager.exclude(file="").order_by("pk")
        for name, sha256, size in rows.values_list("file", "sha256", "size"):
            yield StoredFile(name, sha256, size)


def is_still_there(file: StoredFile) -> bool:
    """Return whether a row has the file now: an erasure may have deleted both since."""
    return any(
        model._default_manager.filter(file=file.name).exists()
        for model in (Attachment, ResponseImport)
    )


def applied_migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in schema.applied())


def fingerprint_of(secret_key: str) -> str:
    """Return what tells one SECRET_KEY from another without giving it away."""
    made = salted_hmac("backups.key", "fingerprint", secret=secret_key, algorithm="sha256")
    return made.hexdigest()[:16]
