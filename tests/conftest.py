import functools
import gc
import io
import os
import weakref
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic, time

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.core.cache import caches
from django.core.signals import request_finished
from django.db import DatabaseError, close_old_connections, connection
from django.http import HttpRequest
from django.test import Client, TestCase, TransactionTestCase
from hypothesis import settings as hypothesis_settings
from psycopg2 import Error as DriverError
from pypdf import PageObject

from core import arrival, can_write, clock, clock_check, database_roles
from core.sessions import SessionStore
from review.texts import extracting, reading_due_files
from submissions.outbox import holding
from tests import databases, order
from tests.databases import SERVING_ROLE
from tests.function_caches import CLEARED
from tests.makers import OPENS_AT, just_signed_in
from tests.measuring import unmeasured

# No test asserts a time, so Hypothesis has no deadline for an example either.
hypothesis_settings.register_profile("here", deadline=None)
# The same examples each time, so that a run fails by its own change alone.
hypothesis_settings.register_profile(
    "ci", max_examples=50, derandomize=True, database=None, deadline=None, print_blob=True
)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")

# They read the code, or ask for every page again and again; measured, they take half as long again.
UNMEASURED = (*order.SLOW_FOLDERS, "architecture", "fuzz", "rights")


# Answers that are sent in pieces, which a test may leave half read.
streamed = weakref.WeakSet()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """End with the test what it left half read: an export then goes on record as broken off.

    Found by the garbage collector in a later test, it would name people who are not there.
    """
    try:
        return (yield)
    finally:
        request_finished.disconnect(close_old_connections)
        for answer in [*streamed]:
            answer.close()
        request_finished.connect(close_old_connections)
        streamed.clear()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Keep what is imported and collected, close to a million objects, from the garbage collector.

    They stay until the run ends, and looking through them took it a tenth of the time of tests.
    """
    gc.disable()
    order.import_each_from_another_place(session.config)
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the longest files, and leave the slow folders out of what is measured.

    So coverage is the same without a browser, and the slow are no slower.
    """
    items.sort(key=lambda item: order.place(item.path))
    for item in items:
        if item.path.parent.name in UNMEASURED:
            item.add_marker("no_cover")


def pytest_xdist_make_scheduler(config, log):
    return order.ByFile(config, log) if config.option.dist == "loadfile" else None


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_blocker, django_db_modify_db_settings):
    """A worker copies the database that is migrated once for all of them."""
    template = databases.wait_for_template()
    if template is None:
        request.getfixturevalue("django_db_setup")  # pytest-django's own
    with django_db_blocker.unblock():
        if template is None:
            database_roles.grant(SERVING_ROLE)
        else:
            databases.use_copy_of(template)


@pytest.fixture(scope="session", autouse=True)
def only_tables_with_rows_are_emptied():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", databases.empty_tables)
        yield


@pytest.fixture(scope="session", autouse=True)
def each_file_is_read_once():
    """A process of its own reads a file; what it said stands for the same bytes in other tests.

    `tests/review/texts` asks that process by itself each time.
    """

    @functools.cache
    def read(file_type, content):
        return extracting.extract(file_type, io.BytesIO(content))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            reading_due_files, "extract", lambda file_type, file: read(file_type, file.read())
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def reading_of_pdfs_is_not_measured():
    """Of what tests read files with, it takes longest; the portal reads them in another process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PageObject, "extract_text", unmeasured(PageObject.extract_text))
        yield


@pytest.fixture(autouse=True)
def empty_caches():
    """Tests run in another order each time; none finds what an earlier one left."""
    for cache in caches.all(initialized_only=True):
        cache.clear()
    for function in CLEARED:
        function.cache_clear()
    can_write.forget()
    holding.forget()


@pytest.fixture(autouse=True)
def files_end_with_their_test():
    """Rolled back, a test leaves its files; the next would find them in a sweep of strays."""
    root = Path(os.environ["PORTAL_MEDIA"])
    before = _files_below(root)
    yield
    for path in _files_below(root) - before:
        path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def made_once(django_db_setup, django_db_blocker):
    """Call it with a function that makes rows: all tests of the file begin with them.

    What a test changes is rolled back to them, as Django does for `setUpTestData`; a test takes a
    copy of what the function returned. Each test of such a file that reads the database asks for
    them, so that none depends on another, and none commits.
    """
    root = Path(os.environ["PORTAL_MEDIA"])
    before = _files_below(root)
    with django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()

    def make_once(make):
        with django_db_blocker.unblock():
            made = make()
            connection.check_constraints()  # or each test would check these rows again
            return made

    yield make_once
    with django_db_blocker.unblock():
        TestCase._rollback_atomics(atomics)
    for path in _files_below(root) - before:
        path.unlink(missing_ok=True)


def _files_below(root):
    return {Path(folder, name) for folder, _, names in os.walk(root) for name in names}


@pytest.fixture(autouse=True)
def clock_just_compared(monkeypatch):
    """No test pays for the comparison that is due once a minute, but one that sets the clock."""
    now = monotonic()
    just = clock_check.Measured(timedelta(0), now, time() - now)
    monkeypatch.setattr(clock_check, "_latest", just)


@pytest.fixture
def at(monkeypatch):
    """Set the portal's clock: `at(moment)`; it stands until set again."""
    standing = {"moment": OPENS_AT}
    monkeypatch.setattr(clock, "portal_now", lambda: standing["moment"])
    monkeypatch.setattr(
        arrival, "received", lambda request: standing["moment"] - arrival.time_since(request.META)
    )

    def set_to(moment):
        standing["moment"] = moment

    return set_to


@pytest.fixture
def serving_role(transactional_db, settings):
    """Connect as the role that web, worker and beat have; return its name."""
    database_roles.grant(SERVING_ROLE)
    owner = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = SERVING_ROLE  # of threads, too
    settings.MIGRATION_DATABASE = {"USER": owner}
    yield SERVING_ROLE
    connection.close()
    connection.settings_dict["USER"] = owner


@pytest.fixture
def served_by_owner():
    """Let the test client have the rights of the owner, as where the portal has one role."""


@pytest.fixture(autouse=True)
def pages_have_the_rights_of_the_serving_role(request, monkeypatch):
    """What the test client asks for may do what the web server may, and no more.

    All else that a test does keeps the rights of the owner. Django counts no query of this.
    """
    asked_for = {*request.fixturenames}
    has_database = asked_for & {"db", "transactional_db"}
    has_database = has_database or request.node.get_closest_marker("django_db")
    if not has_database or "served_by_owner" in asked_for:
        return
    answer = Client.request

    def switch(sql):
        # A test may have taken the database away, or leave a transaction broken.
        with suppress(DatabaseError, DriverError):
            connection.ensure_connection()
            with connection.connection.cursor() as cursor:
                cursor.execute(sql)

    def answer_as_serving_role(client, **environment):
        switch(f"SET ROLE {SERVING_ROLE}")
        try:
            return answer(client, **environment)
        finally:
            switch("RESET ROLE")

    monkeypatch.setattr(Client, "request", answer_as_serving_role)


@pytest.fixture(autouse=True)
def streamed_answers_are_noted(monkeypatch):
    answer = Client.request

    def noted(client, **environment):
        given = answer(client, **environment)
        if given.streaming:
            streamed.add(given)
        return given

    monkeypatch.setattr(Client, "request", noted)


@pytest.fixture(autouse=True)
def forced_logins_are_sign_ins(monkeypatch):
    """`force_login` makes the row that signing in makes, of somebody who was just asked again.

    Django's own stores a session four times; here it is stored once.
    """

    @unmeasured
    def force(client, user, backend=None):
        user.backend = backend or client._get_backend()
        held = client.cookies.get(settings.SESSION_COOKIE_NAME)
        request = HttpRequest()
        request.session = SessionStore(held and held.value)
        if not held:
            request.session.cycle_key = lambda: None  # there is no key to be replaced
        login(request, user, user.backend)
        request.session.update(just_signed_in(user))
        request.session.save()
        client._set_login_cookies(request)

    monkeypatch.setattr(Client, "force_login", force)
