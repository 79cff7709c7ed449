import io

import pytest
from django.core.management import call_command

from core import database_roles
from tests.databases import SERVING_ROLE


@pytest.mark.django_db
def test_models_have_no_missing_migration():
    out = io.StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=out)
    assert out.getvalue() == "No changes detected\n"


@pytest.mark.django_db(transaction=True)
def test_migrations_reverse():
    try:
        call_command("migrate", "submissions", "zero", verbosity=0)
    finally:
        # Of every app: those that build on these tables went with them.
        call_command("migrate", verbosity=0)
        database_roles.grant(SERVING_ROLE)  # on the new tables
