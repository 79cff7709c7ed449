"""The databases of the tests: a copy for each worker, and empty after each test that commits."""

import threading
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, transaction

from accounts.models import User
from tests import databases
from tests.makers import make_submitted, make_user

CASE = SimpleNamespace(_databases_names=lambda include_mirrors: ["default"])
# Made again each time, as Django does.
OF_DJANGO = {"auth_permission", "django_content_type"}


def tables_with_rows():
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models if model._base_manager.exists()}


@pytest.mark.django_db(transaction=True)
def test_no_table_keeps_rows():
    make_submitted()
    make_user()
    assert len(tables_with_rows()) > 10
    databases.empty_tables(CASE)
    assert tables_with_rows() == OF_DJANGO


@pytest.mark.django_db(transaction=True)
def test_whoever_still_writes_is_waited_for():
    written, go_on = threading.Event(), threading.Event()

    def write():
        try:
            with transaction.atomic():
                make_user()
                written.set()
                go_on.wait(timeout=60)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(timeout=60)
    threading.Timer(0.5, go_on.set).start()
    databases.empty_tables(CASE)
    assert go_on.is_set()
    writer.join()
    assert User.objects.count() == 0


def test_run_that_makes_no_database_for_all_migrates_by_itself(monkeypatch):
    monkeypatch.delenv(databases.FOLDER, raising=False)
    assert databases.wait_for_template() is None


def test_database_that_could_not_be_made_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.of_nothing")
    monkeypatch.setenv(databases.FOLDER, "")  # put back afterwards
    databases.begin(tmp_path).wait()
    with pytest.raises(RuntimeError, match=r"No module named 'tests\.of_nothing'"):
        databases.wait_for_template()
