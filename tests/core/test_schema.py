import io
import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from celery.signals import beat_init, worker_init
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from core import checks, schema
from devserver.postgres import MAJOR
from evidence_portal.celery import app

ROOT = Path(__file__).parents[2]
LACKS_ONE = "The database lacks 1 migration of this release. Run: python manage.py migrate"
UNKNOWN = (
    "The database has the migration exports.0099_later, unknown here. "
    "Run the release that made it, or restore a backup of this one."
)
CHANGED = (
    "The migration accounts.0001_users was changed after it was applied. "
    "Run the version that made it, or restore a backup of a release."
)
pytestmark = pytest.mark.django_db


def forget_one():
    MigrationRecorder(connection).record_unapplied("exports", "0001_runs")


def add_a_later_one():
    MigrationRecorder(connection).record_applied("exports", "0099_later")


def note_another_digest(monkeypatch):
    digests = schema.file_digests() | {"accounts.0001_users": "0" * 64}
    with monkeypatch.context() as patch:
        patch.setattr(schema, "file_digests", lambda: digests)
        schema.note_digests()


def ready(client):
    answer = client.get("/readyz/")
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines()[1:])
    return answer.status_code, lines["schema"]


def test_migrated_database_is_right():
    assert schema.problem() == ""


def test_database_whose_search_takes_quotation_marks_for_letters_is_told(monkeypatch):
    assert (schema.other_letters(), checks.check_letters(["default"])) == ("", [])
    # As the guide makes a database, and as it must not: the locale alone differs.
    guide = (ROOT / "docs" / "guides" / "operators.md").read_text()
    (locale,) = re.findall(r"^createdb .* --locale (\S+) evidence$", guide, re.MULTILINE)
    assert [finds_quoted(one) for one in (locale, "C")] == [True, False]
    monkeypatch.setattr(schema, "FINDS_QUOTED", "SELECT false")
    err = io.StringIO()
    call_command("migrate", "--plan", stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == f"{schema.TAKES_QUOTES}\n"
    (warning,) = checks.check_letters(["default"])
    assert (warning.msg, warning.id) == (schema.TAKES_QUOTES, "core.W006")


def finds_quoted(locale):
    """Whether a database with that locale finds what the search has to find."""
    there = connection.get_connection_params()
    with closing(psycopg2.connect(**there)) as made, made.cursor() as cursor:
        made.autocommit = True
        cursor.execute("DROP DATABASE IF EXISTS letters")
        cursor.execute(
            "CREATE DATABASE letters TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER builtin"
            " BUILTIN_LOCALE 'C.UTF-8' LOCALE %s",
            [locale],
        )
        other = psycopg2.connect(**there | {"dbname": "letters"})
        with closing(other), other.cursor() as asked:
            asked.execute(schema.FINDS_QUOTED)
            (finds,) = asked.fetchone()
        cursor.execute("DROP DATABASE letters")
    return finds


def test_database_of_another_postgres_is_told_in_one_line(monkeypatch):
    assert (schema.other_postgres(), checks.check_postgres(["default"])) == ("", [])
    monkeypatch.setattr(connection, "pg_version", 170_006)
    said = schema.other_postgres()
    assert said == (
        "The database is of PostgreSQL 17, and the portal is tested with 18 only. Let DATABASE_URL "
        "lead to a server of 18; docs/guides/operators.md, “Upgrades”, says how to take the data "
        "along."
    )
    err = io.StringIO()
    call_command("migrate", "--plan", stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == f"{said}\n"
    (warning,) = checks.check_postgres(["default"])
    assert (warning.msg, warning.id) == (said, "core.W004")


def test_tested_postgres_is_the_one_that_comes_along():
    assert str(schema.TESTED_POSTGRES) == MAJOR


def test_database_that_lacks_a_migration_is_refused(client):
    forget_one()
    assert schema.problem() == LACKS_ONE
    assert ready(client) == (503, LACKS_ONE)


def test_database_of_a_newer_release_is_refused(client):
    add_a_later_one()
    assert schema.problem() == UNKNOWN
    assert ready(client) == (503, UNKNOWN)
    with pytest.raises(CommandError, match="unknown here"):
        call_command("migrate", verbosity=0)


def test_database_of_a_changed_migration_is_refused(client, monkeypatch):
    note_another_digest(monkeypatch)
    assert schema.problem() == CHANGED
    assert ready(client) == (503, CHANGED)
    with pytest.raises(CommandError, match="was changed after it was applied"):
        call_command("migrate", verbosity=0)


def test_migrations_of_other_projects_in_the_database_do_not_matter():
    MigrationRecorder(connection).record_applied("somebody_elses", "0001_initial")
    assert schema.problem() == ""


def test_check_refuses_in_one_line():
    forget_one()
    with pytest.raises(SystemCheckError, match="lacks 1 migration"):
        call_command("check")


def test_migrate_is_not_stopped_by_what_it_is_to_mend(monkeypatch):
    monkeypatch.setattr(schema, "problem", lambda: LACKS_ONE)
    out = io.StringIO()
    call_command("migrate", "--plan", stdout=out)
    assert "No planned migration operations." in out.getvalue()


def test_process_ends_with_one_line_where_the_database_is_refused(monkeypatch):
    monkeypatch.setattr(connection, "close", lambda: None)
    forget_one()
    with pytest.raises(SystemExit) as ended:
        schema.exit_unless_current()
    assert ended.value.code == LACKS_ONE


def test_process_goes_on_where_the_database_does_not_answer(monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(schema, "problem", away)
    assert schema.exit_unless_current() is None


def test_worker_and_beat_refuse_another_set_of_migrations(monkeypatch):
    monkeypatch.setattr(connection, "close", lambda: None)
    app.loader.import_default_modules()  # as both do
    forget_one()
    for part in (worker_init, beat_init):
        with pytest.raises(SystemExit) as ended:
            part.send(sender=None)
        assert ended.value.code == LACKS_ONE, part


@pytest.mark.django_db(transaction=True)
def test_web_server_refuses_another_set_of_migrations():
    forget_one()
    try:
        settings = connection.settings_dict
        url = os.environ["DATABASE_URL"].replace("/evidence_portal", f"/{settings['NAME']}", 1)
        ended = subprocess.run(
            [sys.executable, "-m", "evidence_portal.web", "--bind", "127.0.0.1:0"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        MigrationRecorder(connection).record_applied("exports", "0001_runs")
    assert ended.returncode != 0
    assert LACKS_ONE in ended.stderr
    assert "Traceback" not in ended.stderr
