"""Backups of the tests' database, and an empty place beside it to restore into."""

import io
import resource
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg2 import sql
from pyrage import x25519

from backups.folder import BackupFolder
from submissions.responses import submitting
from submissions.responses.models.attachments import private_storage
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open


def run(name, *words):
    """What a command said."""
    said = io.StringIO()
    call_command(name, *map(str, words), stdout=said, stderr=said)
    return said.getvalue()


def make_with_file(call, content=b"Minutes of the meeting.\n"):
    draft = make_draft(call, **complete_answers(call))
    attachment = make_attachment(draft, content=content)
    submitting.submit(submission=draft, at=while_open(call))
    return attachment


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@contextmanager
def full_disk():
    """No file may have over 8 KB meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@dataclass
class Keys:
    public: str
    identity: Path


def make_keys(folder, name="identity"):
    secret = x25519.Identity.generate()
    file = folder / name
    file.write_text(f"# made by the tests\n{secret}\n")
    return Keys(str(secret.to_public()), file)


@pytest.fixture
def keys(tmp_path):
    return make_keys(tmp_path)


@pytest.fixture
def folder(tmp_path, settings, keys):
    settings.BACKUP_RECIPIENTS = [keys.public]
    settings.PORTAL_BACKUPS = tmp_path / "backups"
    return BackupFolder(settings.PORTAL_BACKUPS)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The store of files, in a folder of this test's own."""
    place = tmp_path / "uploads"
    place.mkdir()
    monkeypatch.setattr(private_storage(), "location", str(place))
    return place


@pytest.fixture
def call(store, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, store):
    """A context in which this process has an empty database and an empty store of files."""

    @contextmanager
    def there():
        own = connection.settings_dict["NAME"]
        name = f"empty_{secrets.token_hex(4)}"
        on_server("CREATE DATABASE {} TEMPLATE template0", name)
        connection.close()
        connection.settings_dict["NAME"] = name
        monkeypatch.setattr(private_storage(), "location", str(tmp_path / name))
        try:
            yield tmp_path / name
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
            monkeypatch.setattr(private_storage(), "location", str(store))
            on_server("DROP DATABASE {} WITH (FORCE)", name)

    return there


@pytest.fixture
def databases():
    """The names of the databases named after this worker's own, when it is called."""
    own = connection.settings_dict["NAME"]

    def named_after_own():
        names = (name for (name,) in on_server("SELECT datname FROM pg_database ORDER BY 1"))
        return [name for name in names if name.startswith(own)]

    return named_after_own


def on_server(statement, *names):
    settings = connection.settings_dict
    server = psycopg2.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"] or None,
        dbname="postgres",
    )
    try:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            return cursor.fetchall() if cursor.description else None
    finally:
        server.close()
