"""Each migration says whether the portal may run meanwhile; test_upgrades has what follows."""

import json

import pytest
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

from tests.upgrades.dumps import RELEASED
from tests.upgrades.test_upgrades import ROOT

OWN = {path.parent.name for path in ROOT.glob("*/migrations")}
FROZEN = {tuple(name.split(".")) for name in json.loads(RELEASED.read_text(encoding="utf-8"))}
ADDED = sorted(
    key for key in MigrationLoader(None).disk_migrations if key[0] in OWN and key not in FROZEN
)


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


def test_own_migrations_since_the_first_release_are_found():
    assert ("submissions", "0021_rights_are_memberships") in ADDED
    assert ("submissions", "0001_calls") not in ADDED


@pytest.mark.parametrize("key", ADDED, ids=".".join)
def test_migration_says_whether_the_portal_may_run(loader, key):
    assert isinstance(loader.disk_migrations[key].portal_may_run, bool)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ADDED, ids=".".join)
def test_portal_runs_during_no_migration_that_its_old_code_cannot_bear(loader, key):
    migration = loader.disk_migrations[key]
    if not migration.portal_may_run:
        return
    linter = MigrationLinter(no_cache=True, no_output=True)
    linter.lint_migration(migration)
    assert linter.nb_erroneous == 0, f"{'.'.join(key)} has to say portal_may_run = False"
