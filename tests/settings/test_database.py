"""The connection to PostgreSQL between requests: lost ones are found, sound ones are not asked."""

import select

import pytest
from django.db import connection, connections

from evidence_portal.database.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def between_requests():
    """As Django leaves a connection at the end of a request."""
    connection.ensure_connection()
    connection.health_check_enabled = True
    connection.health_check_done = False
    yield connection
    connection.close()


def end_from_outside(pid):
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_sound_connection_is_used_without_a_question(between_requests, monkeypatch):
    monkeypatch.setattr(DatabaseWrapper.__bases__[0], "is_usable", lambda self: 1 / 0)
    assert isinstance(connections["default"], DatabaseWrapper)
    assert backend() == between_requests.connection.get_backend_pid()


def test_connection_that_the_server_ended_is_replaced_before_it_is_used(between_requests):
    ended = between_requests.connection.get_backend_pid()
    end_from_outside(ended)
    assert backend() != ended


def test_connection_with_something_to_say_is_asked_and_stays(between_requests):
    pid = between_requests.connection.get_backend_pid()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN portal_test")
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("NOTIFY portal_test")
    other.close()
    assert select.select([between_requests.connection], [], [], 30)[0]
    between_requests.health_check_done = False
    assert backend() == pid
