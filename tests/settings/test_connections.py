"""What a connection to PostgreSQL begins with."""

import pytest
from django.db import connection


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10min"),
        # An export of a large call takes the time that it takes.
        ("statement_timeout", "0"),
        ("TimeZone", "UTC"),
    ],
)
def test_connection_begins_with(name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
