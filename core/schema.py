"""Whether the database has exactly the migrations of this release.

Django remembers only the names of the migrations that it applied. `migrate` also notes the SHA-256
of each file, in the comment of Django's own table, so that a dump takes it along. A database that
an unreleased version made is then told from one of this release, although the names agree.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg2.errors import InsufficientPrivilege

ROOT = Path(__file__).resolve().parent.parent
NOTED_IN = "django_migrations"
READ_NOTE = f"SELECT obj_description('{NOTED_IN}'::regclass)"
MIGRATE = "Run: python manage.py migrate"
NEWER = "Run the release that made it, or restore a backup of this one."
GRANT = (
    "Set MIGRATION_DATABASE_URL to the address of the tables' owner for: python manage.py migrate. "
    "It gives the role of DATABASE_URL its rights."
)
# What script/server brings, and the only one that the portal is tested with.
TESTED_POSTGRES = 18
CHANGED = "Run the version that made it, or restore a backup of a release."
TAKES_QUOTES = (
    "The database was made with LC_CTYPE C, by which the search takes “, ’ and – for letters and "
    "finds no word beside one. docs/guides/operators.md, “Without containers”, says how to make "
    "another, and how to take the data along."
)
# Where LC_CTYPE is C, every character beyond ASCII is a letter to PostgreSQL's search.
FINDS_QUOTED = "SELECT to_tsvector('simple', '“word”') @@ 'word'::tsquery"


def problem() -> str:
    """Return in one line why this release refuses the database, with what to do; "" if it is right.

    Raises OperationalError where the database does not answer.
    """
    try:
        if refusal := problem_for_migrate():
            return refusal
        missing = len(known() - applied())
    except ProgrammingError as error:
        if refusal := without_right(error):
            return refusal
        raise
    if missing:
        count = f"{missing} migration{'s' if missing > 1 else ''}"
        return f"The database lacks {count} of this release. {MIGRATE}"
    return ""


def without_right(error: BaseException) -> str:
    """Return in one line that the role has no right to what it tried; "" for another error."""
    source = error.__cause__ or error
    if not isinstance(source, InsufficientPrivilege):
        return ""
    # Such a message names a table or a schema, and no row.
    return f"PostgreSQL refuses it: {source.diag.message_primary}. {GRANT}"


def problem_for_migrate() -> str:
    """Return in one line why not even `migrate` may touch the database; "" if it may."""
    there = applied()
    if changed := _changed(there):
        return f"The migration {changed[0]} was changed after it was applied. {CHANGED}"
    if unknown := sorted(there - known()):
        return f"The database has the migration {_named(unknown[0])}, unknown here. {NEWER}"
    return ""


def other_postgres() -> str:
    """Return in one line that the server is of a major version which no test runs on; "" if not."""
    version: int = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's has it
    found = version // 10_000
    if found == TESTED_POSTGRES:
        return ""
    return (
        f"The database is of PostgreSQL {found}, and the portal is tested with {TESTED_POSTGRES} "
        f"only. Let DATABASE_URL lead to a server of {TESTED_POSTGRES}; docs/guides/operators.md, "
        "“Upgrades”, says how to take the data along."
    )


def other_letters() -> str:
    """Return in one line that the search takes quotation marks for letters here; "" if not."""
    with connection.cursor() as cursor:
        cursor.execute(FINDS_QUOTED)
        (finds_quoted,) = cursor.fetchone()
    return "" if finds_quoted else TAKES_QUOTES


def exit_unless_current() -> None:
    """End the process with one line if this release refuses the database.

    A database that does not answer is waited for elsewhere: `/readyz/` tells of both.
    """
    try:
        refusal = problem()
    except OperationalError:
        return
    finally:
        connection.close()  # processes that are forked from this one share no connection
    if refusal:
        sys.exit(refusal)


def note_digests() -> None:
    """Note the digests of the applied migrations' files beside Django's own list of them."""
    digests = file_digests()
    noted = {name: digests[name] for name in sorted(map(_named, applied())) if name in digests}
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE {NOTED_IN} IS %s", [json.dumps(noted)])


def file_digests() -> dict[str, str]:
    """Return the SHA-256 of each migration file of the portal, by `app.name`."""
    return {
        f"{label}.{path.stem}": hashlib.sha256(path.read_bytes()).hexdigest()
        for label, folder in _own_folders()
        for path in sorted(folder.glob("[0-9]*.py"))
    }


def _own_folders() -> Iterable[tuple[str, Path]]:
    for config in apps.get_app_configs():
        folder = Path(config.path) / "migrations"
        if ROOT in folder.parents and ".venv" not in folder.parts and folder.is_dir():
            yield config.label, folder


def applied() -> set[tuple[str, str]]:
    """Return the migrations that the database has, of this release's apps, as app and name."""
    labels = {config.label for config in apps.get_app_configs()}
    recorded = MigrationRecorder(connection).applied_migrations()
    return {(label, name) for label, name in recorded if label in labels}


def known() -> set[tuple[str, str]]:
    """Return the migrations that this release has, as app and name."""
    return set(MigrationLoader(None).disk_migrations)


def _changed(there: set[tuple[str, str]]) -> list[str]:
    if not there:
        return []
    with connection.cursor() as cursor:
        cursor.execute(READ_NOTE)
        noted: dict[str, str] = json.loads(cursor.fetchone()[0] or "{}")
    digests = file_digests()
    return [
        name
        for name in sorted(map(_named, there))
        if name in noted and name in digests and noted[name] != digests[name]
    ]


def _named(migration: tuple[str, str]) -> str:
    return ".".join(migration)
