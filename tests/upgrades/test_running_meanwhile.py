"""Each migration says whether the portal may run meanwhile; test_upgrades has what follows."""

import json

import pytest
from django.db.migrations import AddConstraint, AddIndex, CreateModel, RunPython, RunSQL
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
def added():
    migrations = MigrationLoader(None).disk_migrations
    return {".".join(key): migrations[key] for key in ADDED}


def test_own_migrations_since_the_first_release_are_found():
    assert ("submissions", "0021_rights_are_memberships") in ADDED
    assert ("submissions", "0001_calls") not in ADDED


def test_each_migration_says_whether_the_portal_may_run(added):
    said = {name: getattr(one, "portal_may_run", None) for name, one in added.items()}
    assert [name for name, may_run in said.items() if not isinstance(may_run, bool)] == []


def test_each_migration_can_be_reversed(added):
    """Nobody who upgrades does, as the way back is a backup; who develops the next one does."""
    operations = [(name, one) for name, migration in added.items() for one in all_of(migration)]
    assert [name for name, operation in operations if not operation.reversible] == []
    assert {type(one) for _, one in operations} >= {RunPython, RunSQL}


def all_of(migration):
    for operation in migration.operations:
        yield operation
        yield from getattr(operation, "database_operations", ())


def only_makes_tables(migration):
    """Whether all that it does is to tables which it makes, of which old code knows nothing."""
    made = {one.name_lower for one in all_of(migration) if isinstance(one, CreateModel)}
    return all(
        isinstance(one, CreateModel)
        or (isinstance(one, AddConstraint | AddIndex) and one.model_name_lower in made)
        for one in all_of(migration)
    )


@pytest.mark.django_db
def test_portal_runs_during_no_migration_that_its_old_code_cannot_bear(added):
    linter = MigrationLinter(no_cache=True, no_output=True)
    has_to_say_false = []
    for name, migration in added.items():
        # To ask the linter has Django draw up all models anew for each operation.
        if migration.portal_may_run and not only_makes_tables(migration):
            linter.reset_counters()
            linter.lint_migration(migration)
            if linter.nb_erroneous:
                has_to_say_false.append(name)
    assert has_to_say_false == []
