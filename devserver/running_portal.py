"""How manage.py in a second terminal finds the portal that script/server runs."""

import fcntl
import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path

from devserver.server_settings import data_folder

NEED_NO_DATABASE = frozenset(
    {
        *("", "help", "version", "check", "collectstatic"),
        *("makemigrations", "makemessages", "compilemessages"),
    }
)
COMPLETE = ("PORTAL_ENV", "DATABASE_URL", "CREDENTIALS_DIRECTORY")
# For commands that load the settings and use no engine: nothing answers at these addresses.
PLACEHOLDERS = {
    "PORTAL_ENV": "local",
    "SECRET_KEY": "for-commands-that-use-no-engine",
    "DATABASE_URL": "postgresql://postgres@/evidence_portal?host=/nonexistent",
    "BROKER_URL": "redis+socket:///nonexistent",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "PORTAL_URL": "http://127.0.0.1:8000",
}


def file_in(data: Path) -> Path:
    return data / "environment.json"


def lock_in(data: Path) -> Path:
    """Return the file that the supervisor locks as long as it runs."""
    return data / "lock"


def publish(data: Path, environment: Mapping[str, str]) -> None:
    """Write the environment to a file that only its owner can read: it holds the secret key."""
    path = file_in(data)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(dict(environment), file, indent=1)


def withdraw(data: Path) -> None:
    file_in(data).unlink(missing_ok=True)


def complete_environment(
    environment: MutableMapping[str, str], arguments: Sequence[str]
) -> str | None:
    """Add what a management command needs; return None, or a line for the user if it is missing.

    An environment that has one of COMPLETE is left alone, so that production never reads a file
    that somebody left there.
    """
    if any(environment.get(name) for name in COMPLETE):
        return None
    data = data_folder(environment)
    running = _of_running(data)
    if running is not None:
        for name, value in running.items():
            environment.setdefault(name, value)
        return None
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command in NEED_NO_DATABASE or {"--help", "-h"} & set(arguments):
        for name, value in PLACEHOLDERS.items():
            environment.setdefault(name, value)
        return None
    where = "here as there" if environment.get("PORTAL_DATA") else "here, too, if it has one"
    return (
        f"No portal runs on {data}. Start script/server in another terminal, set its PORTAL_DATA "
        f"{where}, or set DATABASE_URL and the other settings (see .env.example)."
    )


def _of_running(data: Path) -> dict[str, str] | None:
    """Return what the running supervisor published; None if none runs, even if a file is left."""
    try:
        with lock_in(data).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    except OSError:
        return None
    else:
        return None
    try:
        return json.loads(file_in(data).read_text())
    except (OSError, ValueError):
        return None
