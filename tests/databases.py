"""The databases of the tests: migrated once for all workers, and emptied where they have rows.

The controller of a spread run has a database made by a process of its own while the workers import
the tests; each worker then copies it. With one process Django migrates, as it does by itself.
"""

import fcntl
import gc
import os
import subprocess
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, connections, transaction

from core import database_roles

FOLDER = "PORTAL_TESTS_DATABASE"
# The role of PostgreSQL that web, worker and beat have. It owns nothing.
SERVING_ROLE = "portal_tests"
# What Django makes of the models, and would make again after each test.
OF_DJANGO = ("django_content_type", "auth_permission")
_as_made: dict[str, list[tuple[object, ...]]] = {}


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """Start to make what workers copy. The environment leads to the server and says the settings.

    The process holds a lock as long as it runs, by which workers wait for it.
    """
    os.environ[FOLDER] = str(folder)
    with (folder / "database.lock").open("w") as lock, (folder / "database.log").open("w") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.databases"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
        )


def wait_for_template() -> str | None:
    """Return the database to copy, once it is there; None if this run makes none."""
    if FOLDER not in os.environ:
        return None
    folder = Path(os.environ[FOLDER])
    with (folder / "database.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    made = folder / "database.made"
    if not made.exists():
        said = (folder / "database.log").read_text()
        raise RuntimeError(f"The database that the workers copy could not be made: {said}")
    return made.read_text()


def make_template() -> None:
    django.setup()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    database_roles.grant(SERVING_ROLE)
    connection.close()
    (Path(os.environ[FOLDER]) / "database.made").write_text(name)


def use_copy_of(template: str) -> None:
    """Connect this worker to a copy of its own, with its grants. It goes with the run's server."""
    name = connection.settings_dict["TEST"]["NAME"]
    quote = connection.ops.quote_name
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)}")
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def empty_tables(case) -> None:
    """What Django does after a test that commits, but for tables without rows.

    It truncates all tables, and each of them and of their indexes then gets a new file. A lock on
    all of them waits as truncation does, for whoever still writes. What Django makes of the models
    stays where it is as it was made.
    """
    for alias in case._databases_names(include_mirrors=False):
        database = connections[alias]
        tables = [
            database.ops.quote_name(table)
            for table in database.introspection.django_table_names(
                only_existing=True, include_views=False
            )
        ]
        with transaction.atomic(using=alias), database.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
            have_rows = " UNION ALL ".join(
                f"SELECT {place} WHERE EXISTS (SELECT FROM {table})"
                for place, table in enumerate(tables)
            )
            cursor.execute(have_rows)
            filled = [tables[place] for (place,) in cursor.fetchall()]
            is_as_made = _as_made.get(alias) == _of_django(cursor)
            # As under truncation, no trigger looks at the rows and no key at its order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in filled:
                if not (is_as_made and table.strip('"') in OF_DJANGO):
                    cursor.execute(f"DELETE FROM {table}")
        if not is_as_made:
            emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
            with database.cursor() as cursor:
                _as_made[alias] = _of_django(cursor)


def _of_django(cursor) -> list[tuple[object, ...]]:
    rows = " UNION ALL ".join(
        f"SELECT '{table}', one::text FROM {table} one" for table in OF_DJANGO
    )
    cursor.execute(f"{rows} ORDER BY 2")
    return cursor.fetchall()


if __name__ == "__main__":
    # Django makes its models anew for each step; to look through them takes a fifth of the time.
    gc.set_threshold(0)
    make_template()
