"""The broker itself, for counting tries and for signs of life."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app
from redis import Redis

# Celery's own connections wait for a broker; a page and a health check must not.
IMPATIENT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "max_retries": 0}


@contextmanager
def broker() -> Iterator[Redis]:
    """Speak to the broker itself, half a second at most for each answer.

    Raises OSError, or what kombu and redis make of it, if there is none.
    """
    with current_app.connection_for_write(transport_options=IMPATIENT) as connection:
        yield connection.default_channel.client  # type: ignore[attr-defined]  # Redis's has it
