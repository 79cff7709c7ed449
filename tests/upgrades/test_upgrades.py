"""Each release's database is upgraded to the newest schema, and used.

One upgrade serves the tests of a release.
"""

import json
import os
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from core import schema
from devserver.folders import RunFolder
from devserver.postgres import SUPERUSER, WITHOUT_FSYNC, Postgres
from submissions.responses.models.attachments import private_storage
from tests.another_database import connected_to
from tests.upgrades import people_in_groups
from tests.upgrades.dumps import DATABASE, FOLDER, RELEASED, load, releases
from tests.upgrades.people_in_groups import MEMBERS, Database, in_groups, members
from tests.upgrades.use import use

ROOT = Path(__file__).parents[2]
# manage.py, but that nothing looks through the models of each step: it took a fifth of the time.
MANAGE = "import gc, manage; gc.set_threshold(0); manage.main()"


def migrate(*, url, media, owner):
    addresses = {"DATABASE_URL": url, "MIGRATION_DATABASE_URL": owner}
    return subprocess.run(
        [sys.executable, "-c", MANAGE, "migrate", "--no-input"],
        cwd=ROOT,
        env=os.environ | addresses | {"PORTAL_MEDIA": str(media)},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def role_that_is_connected(server, role):
    """As web, worker and beat are while they run."""
    with closing(psycopg2.connect(server.url(DATABASE))) as owner, owner:
        owner.cursor().execute(f"CREATE ROLE {role} LOGIN")
    with closing(psycopg2.connect(server.url(DATABASE, role=role))):
        yield


@dataclass
class Upgraded:
    """What `migrate` said while the portal ran, and once it had stopped; the database and files."""

    refused: str
    migrated: subprocess.CompletedProcess
    server: Postgres
    media: Path


@pytest.fixture(scope="module", params=releases())
def upgraded(request, tmp_path_factory, django_db_blocker):
    folder = tmp_path_factory.mktemp("release")
    media = folder / "media"
    engines = RunFolder()
    server = Postgres(
        folder / "postgres", engines, log=folder / "postgres.log", settings=WITHOUT_FSYNC
    )
    server.start()
    try:
        server.make_database(DATABASE)
        load(request.param, server, media)
        people_in_groups.fill(server.url(DATABASE))
        # The release had one role, which owned the tables. From now on another one serves.
        addresses = {"url": server.url(DATABASE, role="serves"), "owner": server.url(DATABASE)}
        with (
            role_that_is_connected(server, "serves"),
            django_db_blocker.unblock(),
            connected_to(addresses["url"]),
            override_settings(MIGRATION_DATABASE={"USER": SUPERUSER}),
            pytest.raises(CommandError) as refused,
        ):
            call_command("migrate", interactive=False)
        migrated = migrate(**addresses, media=media)
        yield Upgraded(str(refused.value), migrated, server, media)
    finally:
        server.stop()
        engines.remove()


def test_released_migrations_never_change():
    digests = schema.file_digests()
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    assert {name: digests.get(name) for name in released} == released


def test_every_release_has_a_dump():
    assert releases() != []
    assert all((FOLDER / release / "uploads.zip").exists() for release in releases())


def test_database_of_a_release_is_upgraded_and_goes_on(upgraded, django_db_blocker, monkeypatch):
    assert upgraded.refused.startswith("The portal runs (1 connection of serves)")
    assert "Stop web, worker and beat, run migrate again" in upgraded.refused
    assert upgraded.migrated.returncode == 0, upgraded.migrated.stderr
    with closing(psycopg2.connect(upgraded.server.url("postgres"))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE used TEMPLATE {DATABASE}")
    monkeypatch.setattr(private_storage(), "location", str(upgraded.media))
    url = upgraded.server.url("used", role="serves")
    with django_db_blocker.unblock(), connected_to(url):
        used = use()
    assert used == {
        "versions whose digest is wrong": [],
        "files whose digest is wrong": [],
        "files": 1,
        "number of the amended version": 3,
        "receipts that verify": [True, True],
        "mails written": 2,
        "exported": True,
        "new ones exported": True,
        "groups after reversing": [
            ("ann", "Project staff"),
            ("bob", "Steering group"),
            ("cid", "Project staff"),
            ("cid", "Steering group"),
            ("gil", "Project staff"),
        ],
        "permissions after reversing": [
            ("bob", "export_named"),
            ("bob", "see_identity"),
            ("gil", "see_identity"),
        ],
    }


def test_people_of_the_groups_are_members_of_each_call_and_may_no_more(upgraded):
    """Who was in a group of release 1.0.0 may do the same afterwards."""
    database = Database(upgraded.server.url(DATABASE))
    assert members(database) == MEMBERS
    assert in_groups(database) == []
    [(detail,)] = database(
        "SELECT detail FROM accounts_auditevent WHERE detail ->> 'through' = 'upgrade'"
    )
    assert sorted(detail["members"]) == ["ann", "bob", "cid", "gil"]
    database.connection.close()
