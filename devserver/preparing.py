"""Bring the database, the calls, the sign-ins and the static files up to date."""

import hashlib
import os
import sys
import traceback
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from core import database_roles
from devserver.errors import INVALID_SETTING_EXIT
from evidence_portal.celery import app

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = ROOT / "submissions" / "definitions"
# The static files of Django's admin change with the version of Django.
REQUIREMENTS = ROOT / "requirements.txt"


class CannotPrepare(Exception):
    """The database or the broker does not answer. The message is one line."""


def prepare() -> None:
    django.setup()
    variable = "MIGRATION_DATABASE_URL" if database_roles.is_apart() else "DATABASE_URL"
    try:
        with database_roles.as_owner():
            connection.ensure_connection()
    except OperationalError as error:
        raise CannotPrepare(f"{variable}: {' '.join(str(error).split())}") from error
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=5)
    except (BrokerError, OSError) as error:
        raise CannotPrepare(f"BROKER_URL: {' '.join(str(error).split())}") from error
    call_command("migrate", interactive=False, verbosity=0)
    for definition in sorted(DEFINITIONS.glob("*.toml")):
        load(definition)
    if settings.REHEARSAL:
        call_command("prepare_rehearsal")
    collect_static(Path(settings.STATIC_ROOT))


def load(definition: Path) -> None:
    """Load the call, unless people answered it as it was: then it stays, and a line says so."""
    try:
        call_command("load_call", str(definition))
    except CommandError as refusal:
        responses = apps.get_model("submissions", "Submission").objects
        if not responses.filter(call__slug=definition.stem).exists():
            raise
        print(f"{definition.name}: the call stays as it was answered.\n{refusal}", file=sys.stderr)


def collect_static(target: Path) -> None:
    """Collect, name by content and compress the static files, unless none of them changed."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            status = path.stat()
            digest.update(
                f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}".encode()
            )
    stamp = target.with_name(f"{target.name}.stamp")
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and target.is_dir():
        return
    stamp.unlink(missing_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")
    try:
        prepare()
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return INVALID_SETTING_EXIT
    except (CannotPrepare, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    except DatabaseError as error:
        traceback.print_exc()
        print(f"the database says: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
