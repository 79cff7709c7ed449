import io

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_models_have_no_missing_migration():
    out = io.StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=out)
    assert out.getvalue() == "No changes detected\n"
