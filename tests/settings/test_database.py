"""A connection to PostgreSQL that was lost between two requests."""

import pytest
from django.db import connection, connections

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


def test_connection_that_the_server_ended_is_replaced_before_it_is_used(between_requests):
    assert between_requests.settings_dict["CONN_HEALTH_CHECKS"] is True
    ended = between_requests.connection.get_backend_pid()
    end_from_outside(ended)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (ended,)
