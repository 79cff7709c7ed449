"""Management commands while the database is away: one line that says the way out, exit code 1."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.apps import apps
from django.core.management import find_commands
from django.db import DataError, OperationalError, connection

import manage
from accounts.models import AuditEvent
from backups import making
from backups.contents import FORMAT
from backups.folder import BackupFolder
from backups.restoring import Restoring
from core import clock, outages, schema
from core.outages import StoreAway
from personal_data.management.commands import move_files
from submissions.outbox import holding
from submissions.responses.models.attachments import private_storage
from tests.backups.conftest import make_keys
from tests.makers import make_call, make_submitted
from tests.settings.environments import ROOT
from tests.submissions.mail.mail_sink import free_port

DEFINITION = ROOT / "submissions" / "definitions" / "rebalancing-the-relationship.toml"
SIGN_IN = ("--noinput", "--username", "ada", "--email", "ada@example.org")
# What each command of the portal's own is given, so that it asks the database.
OURS = {
    "after_restore": [],
    "backup": ["--erasures"],
    "changepassword": ["ada"],
    "check": [],
    "compare_report": ["--run", "1"],
    "createsuperuser": SIGN_IN,
    "end_record": [],
    "export_responses": ["--call", "a-call", "--format", "csv", "--output", "-"],
    "invite": ["ada@example.org", "--as", "administrator"],
    "list_erasures": [],
    "load_call": [str(DEFINITION)],
    "migrate": ["--no-input"],
    "move_files": ["--to", "disk"],
    "prepare_rehearsal": [],
    "reapply_erasures": ["--by", "ada"],
    "rehearse": ["--reset"],
    "release_mail": [],
    "remove_second_factor": ["ada"],
    "restore": ["--drill", "--identity", "identity"],
    "seed_responses": ["--count", "1"],
    "verify_audit": [],
    "verify_evidence": [],
}
DJANGOS = {
    "check": ["--database", "default"],
    "shell": ["-c", "from accounts.models import User; User.objects.count()"],
    "showmigrations": [],
}
# What some say in place of "run this again".
THEN = {"backup": "the next backup tries again"}
# They make what is missing, say it otherwise, or need no tables of this database.
WITHOUT_TABLES = {"check", "migrate", "restore"}
BACKUP = "2019-07-24T020000Z"


@pytest.fixture
def run(monkeypatch, capsys):
    """`run(name, *words)`: what manage.py does, in this process; returns exit code and stderr."""
    monkeypatch.setattr(manage, "complete_environment", lambda *_: None)

    def run_here(name, *words):
        monkeypatch.setattr(sys, "argv", ["manage.py", name, *words])
        try:
            manage.main()
        except SystemExit as ended:
            if isinstance(ended.code, str):  # which Python then writes
                return 1, f"{ended.code}\n"
            return ended.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return run_here


@pytest.fixture
def away(monkeypatch, django_db_blocker):
    """The connection goes to a port where nobody listens; the port."""
    port = str(free_port())
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", port)
        yield port
        connection.close()


@pytest.fixture
def all_else_is_there(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(clock, "is_rehearsal", lambda: True)
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", "of the rehearsal")
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setattr(private_storage(), "location", str(uploads))
    monkeypatch.setattr(move_files, "has_bucket", lambda: True)
    monkeypatch.setattr(move_files, "store", lambda _: private_storage())
    holding.hold(wall_now=clock.wall_now())
    (tmp_path / "backups" / BACKUP).mkdir(parents=True)
    settings.PORTAL_BACKUPS = tmp_path / "backups"
    settings.BACKUP_RECIPIENTS = [make_keys(tmp_path).public]
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def empty(monkeypatch, django_db_blocker):
    """The connection goes to a database in which `migrate` never ran."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            own = connection.settings_dict["NAME"]
            name = f"{own}_without_tables"  # each worker has its own
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        connection.settings_dict["NAME"] = name
        yield
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")
        connection.close()


@pytest.fixture
def without_rights(django_db_blocker):
    """The connection is of a role that `migrate` never gave a right."""
    with django_db_blocker.unblock():
        role = f"{connection.settings_dict['NAME']}_without_rights"  # each worker has its own
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE IF EXISTS {role}")
            cursor.execute(f"CREATE ROLE {role}")
        connection.close()
        options = connection.settings_dict["OPTIONS"]
        before = options.get("options", "")
        options["options"] = f"{before} -c role={role}"
        yield
        connection.close()
        options["options"] = before
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE {role}")
        connection.close()


def refused_at(port, then="run this again"):
    return (
        f'The database does not serve: connection to server at "127.0.0.1", port {port} failed: '
        f"Connection refused. Look at PostgreSQL and DATABASE_URL; {then}.\n"
    )


def test_every_command_of_the_portal_is_tried():
    found = {
        name
        for config in apps.get_app_configs()
        if Path(config.path).parent == ROOT
        for name in find_commands(str(Path(config.path) / "management"))
    }
    assert found == set(OURS)


def each(run, but):
    """What each command ends with and says, but for some, by its name."""
    return {name: run(name, *OURS[name]) for name in sorted(OURS.keys() - but)}


def test_command_says_in_one_line_that_the_database_is_away(run, away, all_else_is_there):
    for name, ended in each(run, {"check"}).items():
        line = refused_at(away, then=THEN.get(name, "run this again"))
        own = "CommandError: " if name in THEN else ""
        assert (name, *ended) == (name, 1, f"{own}{line}")


def test_command_says_in_one_line_that_the_tables_are_missing(run, empty, all_else_is_there):
    number = len(schema.known())
    said = f"The database lacks {number} migrations of this release. {schema.MIGRATE}\n"
    for name, ended in each(run, WITHOUT_TABLES).items():
        assert (name, *ended) == (name, 1, said)


def test_command_says_in_one_line_that_its_role_has_no_rights(
    run, without_rights, all_else_is_there
):
    refused = re.compile(
        r"PostgreSQL refuses it: permission denied for \w+ \w+\. Set MIGRATION_DATABASE_URL to the "
        r"address of the tables' owner for: python manage\.py migrate\. It gives the role of "
        r"DATABASE_URL its rights\.\n"
    )
    for name, (code, said) in each(run, {"check", "end_record", "restore"}).items():
        assert (name, code, bool(refused.fullmatch(said))) == (name, 1, True), said


def test_backup_says_why_the_database_refuses_it(run, monkeypatch, all_else_is_there):
    refused = 'connection to server at "db", port 5432 failed: FATAL:  password authentication '
    refused += 'failed for user "portal"'

    def no_entry(*_, **__):
        raise OperationalError(f"{refused}\n")

    monkeypatch.setattr(making, "write_erasures", no_entry)
    assert run("backup", "--erasures") == (
        1,
        f"CommandError: The database does not serve: {refused}. Look at PostgreSQL and "
        "DATABASE_URL; the next backup tries again.\n",
    )


def test_check_goes_on_without_the_database(run, away):
    assert run("check") == (0, refused_at(away, then="its schema is not checked"))


@pytest.mark.parametrize("name", sorted(DJANGOS))
def test_command_of_django_says_it_likewise(name, run, away):
    assert run(name, *DJANGOS[name]) == (1, refused_at(away))


def test_restore_of_a_whole_backup_says_it(run, away, all_else_is_there, monkeypatch):
    monkeypatch.setattr(BackupFolder, "check", lambda *_: (0, 0))
    manifest = json.dumps({"format": FORMAT, "migrations": []})
    monkeypatch.setattr(Restoring, "_text", lambda *_: manifest)
    assert run("restore", "--identity", "identity") == (1, refused_at(away))


def test_mail_stays_held_while_the_database_is_away(run, away, all_else_is_there):
    run("release_mail")
    assert holding.is_held()


@pytest.mark.django_db(transaction=True)
def test_name_that_the_server_does_not_know_is_said(run, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "nowhere")
    code, said = run("verify_audit")
    connection.close()
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("The database does not serve: connection to server ")
    assert said.endswith(
        'failed: FATAL:  database "nowhere" does not exist. Look at PostgreSQL and DATABASE_URL; '
        "run this again.\n"
    )


def test_owner_of_the_tables_has_an_address_of_its_own(settings):
    settings.MIGRATION_DATABASE = {"USER": "owner"}
    refused = 'connection to server at "db" (10.0.0.3), port 5432 failed: FATAL:  password '
    refused += 'authentication failed for user "owner"'
    assert outages.way_out(OperationalError(f"{refused}\n")) == (
        f"The database does not serve: {refused}. Look at PostgreSQL and DATABASE_URL and "
        "MIGRATION_DATABASE_URL; run this again."
    )


def test_store_of_files_that_is_away_is_said(run, monkeypatch):
    def away(*_):
        raise StoreAway("The bucket refuses the key.", "s3.example.org")

    monkeypatch.setattr(manage, "execute_from_command_line", away)
    said = "s3.example.org: The bucket refuses the key. Run this again once /readyz/ says that "
    assert run("after_restore") == (1, f"{said}uploads are ok.\n")


def test_error_that_is_no_outage_keeps_its_traceback(run, monkeypatch):
    def broken(*_):
        raise DataError("invalid") from psycopg2.DataError("invalid")

    monkeypatch.setattr(manage, "execute_from_command_line", broken)
    with pytest.raises(DataError):
        run("verify_audit")


def test_traceback_is_there_for_who_asks_for_it(run, away):
    with pytest.raises(OperationalError):
        run("verify_audit", "--traceback")


WITHOUT_A_READER = """
import sys, manage
manage.complete_environment = lambda *_: None
manage.execute_from_command_line = lambda _: print("a line of many\\n" * int(sys.argv[1]))
manage.main()
"""


@pytest.mark.parametrize("lines", ["1", "100000"])
def test_reader_that_goes_away_ends_a_command_without_a_word(lines):
    with subprocess.Popen(
        [sys.executable, "-c", WITHOUT_A_READER, lines],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (1, b"")


def test_output_that_is_closed_ends_no_command():
    program = f"import os\nos.close(1)\nos.execv({sys.executable!r}, [{sys.executable!r}, '-c', "
    program += f"{WITHOUT_A_READER!r}, '1'])"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_file_of_another_account_is_named_in_a_line(run, monkeypatch):
    def refuse(_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/uploads/mail-held.json")

    monkeypatch.setattr(manage, "execute_from_command_line", refuse)
    assert run("after_restore") == (
        1,
        "/uploads/mail-held.json: Permission denied. Run this as the portal's account, or give "
        "that the right.\n",
    )


def test_command_that_somebody_stops_says_so_without_a_traceback(run, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(manage, "execute_from_command_line", stop)
    assert run("move_files", "--to", "disk") == (130, "Stopped.\n")
    with pytest.raises(KeyboardInterrupt):
        run("move_files", "--to", "disk", "--traceback")


def test_command_that_nobody_answers_says_so(run, monkeypatch):
    def ask(_):
        raise EOFError

    monkeypatch.setattr(manage, "execute_from_command_line", ask)
    said = "The command asks for something, and nobody answers. Run it in a terminal.\n"
    assert run("changepassword", "pat") == (1, said)


@pytest.fixture
def run_full(run, monkeypatch):
    """`run`, whose standard output goes to a device without room."""
    with Path("/dev/full").open("w") as device:

        def run_there(name, *words):
            with monkeypatch.context() as there:  # pytest sets its own before each test
                there.setattr(sys, "stdout", device)
                return run(name, *words)

        yield run_there


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("backup", ["--help"]),
        ("release_mail", []),
        ("verify_evidence", []),
        ("verify_audit", []),
        ("shell", ["-c", "print('x' * 100_000)"]),
    ],
)
def test_output_that_takes_nothing_is_said_in_one_line(run_full, name, words):
    assert run_full(name, *words) == (
        1,
        "The output of this command cannot be written: No space left on device.\n",
    )


@pytest.mark.django_db(transaction=True)
def test_export_to_an_output_that_takes_nothing_is_broken(run_full):
    make_submitted(make_call(slug="a-call"))
    status, said = run_full("export_responses", *OURS["export_responses"])
    last = "CommandError: The output cannot be written: No space left on device."
    assert (status, said.splitlines()[-1]) == (1, last)
    assert AuditEvent.objects.exclude(action="export_started").get().action == "export_broken"


@pytest.mark.django_db(transaction=True)
def test_fault_of_a_command_whose_output_is_full_is_shown(run_full, monkeypatch):
    def fail(_):
        raise LookupError("a fault")

    monkeypatch.setattr(manage, "execute_from_command_line", fail)
    with pytest.raises(LookupError):
        run_full("verify_audit")
