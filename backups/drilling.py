"""A drill: restoring a backup for real, into a scratch database, in a process of its own.

That process is `manage.py restore` itself, pointed at other places. Only its tail is new: the
database is dropped, whatever came of it. What a killed drill left, the next one deletes.
"""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg2.extensions
from django.conf import settings
from django.db import connection
from psycopg2 import sql

from backups import programs
from backups.errors import BackupFailed
from core.database_roles import as_owner
from core.working_folders import shared_working_folder

# All that the restore's process gets from this one's environment: nothing that leads to the
# portal's own places, or to secrets that it does not need.
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"),
    *("PORTAL_DATA", "REHEARSE_FROM", "REHEARSE_STARTED_AT"),
)
# A restore of a drill must reach neither the broker nor a mail server; this port discards.
NOWHERE = {"BROKER_URL": "redis://127.0.0.1:9/0", "EMAIL_URL": "smtp://127.0.0.1:9"}
DRILL_LOCK = 5_283_306  # the first half of the lock; the scratch database is the other
LEFT = "SELECT datname FROM pg_database WHERE datname ~ %s AND datdba = current_user::regrole"
LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
UNLOCK = "SELECT pg_advisory_unlock(%s, hashtext(%s))"


def drill(of: Path, *, name: str, identity: str, with_files: bool, alone: bool = False) -> str:
    """Restore into a scratch database and drop it; return the last line that the restore said.

    `identity` is the text of a file of age-keygen. `with_files`: into a scratch folder, too.
    `alone`: the identity opens nothing but this backup.
    Raises BackupFailed with the restore's own reason.
    """
    command = [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        *("restore", "--from", str(of), "--backup", name, "--identity", "-"),
        *([] if with_files else ["--without-files"]),
        *(["--alone"] if alone else []),
    ]
    with scratch_database() as url, shared_working_folder() as folder:
        files = Path(folder.path, "files")
        files.mkdir(mode=0o700)
        ran = subprocess.run(
            command,
            env=_environment(url, files),
            pass_fds=[folder.lock],
            input=identity,
            capture_output=True,
            text=True,
            check=False,
        )
    lines = (ran.stdout if ran.returncode == 0 else ran.stderr).strip().splitlines()
    last = lines[-1] if lines else f"it ended with {ran.returncode}"
    if ran.returncode != 0:
        raise BackupFailed(f"The drill with {name} failed: {last.removeprefix('CommandError: ')}")
    return last


@contextmanager
def scratch_database() -> Iterator[str]:
    """Make an empty database on the same server, as the owner; yield its URL; drop it.

    It is locked meanwhile, by its name, for as long as this process is connected: one that nobody
    has locked is what a killed drill left, and goes first. Raises BackupFailed where the owner may
    not make one.
    """
    with as_owner():
        own = dict(connection.settings_dict)
        address, own_name = programs.address(), own["NAME"]
    # PostgreSQL cuts a name after 63 bytes.
    prefix = f"{own_name[:40]}_drill_"
    name = f"{prefix}{secrets.token_hex(4)}"
    with connection.wrap_database_errors:
        server = psycopg2.connect(address, password=own["PASSWORD"] or None)
    try:
        server.autocommit = True
        with server.cursor() as cursor:
            _drop_left(cursor, prefix)
            cursor.execute(LOCK, [DRILL_LOCK, name])
            made = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            try:
                cursor.execute(made.format(sql.Identifier(name)))
            except psycopg2.Error as error:
                raise BackupFailed(
                    "There is no room or no right to make a scratch database. Run as a superuser: "
                    f"ALTER ROLE {own['USER']} CREATEDB; or try the backup on another server "
                    f"({type(error).__name__})."
                ) from None
            try:
                yield _url(own, name)
            finally:
                _drop(cursor, name)
    finally:
        server.close()


def _drop_left(cursor: psycopg2.extensions.cursor, prefix: str) -> None:
    cursor.execute(LEFT, [f"^{re.escape(prefix)}[0-9a-f]{{8}}$"])
    for (name,) in cursor.fetchall():
        cursor.execute(LOCK, [DRILL_LOCK, name])
        if cursor.fetchone() == (True,):
            _drop(cursor, name)
            cursor.execute(UNLOCK, [DRILL_LOCK, name])


def _drop(cursor: psycopg2.extensions.cursor, name: str) -> None:
    dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    cursor.execute(dropped.format(sql.Identifier(name)))


def _environment(url: str, files: Path) -> dict[str, str]:
    """Return the restore's environment: all that it may write lies in the scratch places."""
    own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    told = {
        "PORTAL_ENV": settings.PORTAL_ENV,
        "PORTAL_URL": settings.PORTAL_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "PORTAL_MEDIA": str(files),
    }
    return own | told | NOWHERE


def _url(own: dict[str, Any], name: str) -> str:
    options = {"host": own["HOST"], "port": own["PORT"], **own["OPTIONS"]}
    given = urlencode({key: value for key, value in options.items() if value}, quote_via=quote)
    user = quote(own["USER"], safe="")
    password = f":{quote(own['PASSWORD'], safe='')}" if own["PASSWORD"] else ""
    return f"postgresql://{user}{password}@/{quote(name)}?{given}"
