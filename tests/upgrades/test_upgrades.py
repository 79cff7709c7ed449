"""Each release's database is upgraded to the newest schema, and used."""

import json
import os
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from core import schema
from tests.upgrades.dumps import FOLDER, RELEASED, load, releases

ROOT = Path(__file__).parents[2]


def run(*words, url, media, owner=""):
    addresses = {"DATABASE_URL": url, "MIGRATION_DATABASE_URL": owner}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | addresses | {"PORTAL_MEDIA": str(media)},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def role_that_is_connected(server, role):
    """As web, worker and beat are while they run."""
    with closing(psycopg2.connect(server.url("evidence_portal"))) as owner, owner:
        owner.cursor().execute(f"CREATE ROLE {role} LOGIN")
    with closing(psycopg2.connect(server.url("evidence_portal", role=role))):
        yield


def test_released_migrations_never_change():
    digests = schema.file_digests()
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    assert {name: digests.get(name) for name in released} == released


def test_every_release_has_a_dump():
    assert releases() != []
    assert all((FOLDER / release / "uploads.zip").exists() for release in releases())


@pytest.mark.parametrize("release", releases())
def test_database_of_a_release_is_upgraded_and_goes_on(release, own_postgres, tmp_path):
    media = tmp_path / "media"
    load(release, own_postgres, media)
    # The release had one role, which owned the tables. From now on another one serves.
    url, owner = (
        own_postgres.url("evidence_portal", role="serves"),
        own_postgres.url("evidence_portal"),
    )
    with role_that_is_connected(own_postgres, "serves"):
        refused = run("manage.py", "migrate", "--no-input", url=url, media=media, owner=owner)
    assert refused.returncode == 1
    assert "The portal runs (1 connection of serves)" in refused.stderr
    assert "Stop web, worker and beat, run migrate again" in refused.stderr
    migrated = run("manage.py", "migrate", "--no-input", url=url, media=media, owner=owner)
    assert migrated.returncode == 0, migrated.stderr
    assert run("manage.py", "check", url=url, media=media).returncode == 0
    used = run("-m", "tests.upgrades.use", url=url, media=media)
    assert used.returncode == 0, used.stderr
    assert json.loads(used.stdout) == {
        "versions whose digest is wrong": [],
        "files whose digest is wrong": [],
        "files": 1,
        "number of the amended version": 3,
        "receipts that verify": [True, True],
        "mails written": 2,
        "exported": True,
        "new ones exported": True,
    }
