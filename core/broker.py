"""The broker, spoken to briefly: for counting tries, for signs of life, and for nudges."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache, partial

from celery import Task, current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Celery's own connections wait for a broker; a page and a health check must not.
IMPATIENT = {
    "socket_connect_timeout": 0.5,  # seconds
    "socket_timeout": 0.5,  # seconds
    "max_retries": 0,
    # More than a process has threads.
    "max_connections": 100,
}


@contextmanager
def broker() -> Iterator[Redis]:
    """Speak to the broker itself, half a second at most for each answer.

    Raises OSError, or what kombu and redis make of it, if there is none.
    """
    yield _client(current_app.conf.broker_write_url)


@lru_cache(maxsize=1)
def _connection(url: str) -> Connection:
    return Connection(url, transport_options=IMPATIENT)


@lru_cache(maxsize=1)
def _client(url: str) -> Redis:
    """Return the client of this process: it keeps its connections, and replaces broken ones."""
    channel = _connection(url).default_channel
    return channel.client  # type: ignore[attr-defined]  # Redis's has it


def nudge(task: Task, *, expires: float, mark: str = "") -> None:
    """Have a worker run `task`, which beat runs anyway, once the present transaction commits.

    For speed only, so it never raises: a broker that is away costs half a second and a line in
    the log. A worker that did not take the task within `expires` seconds forgets it.

    `mark` is a key in the broker: while it is there, a nudge is on its way, and no other is sent.
    The task deletes it first, so it works on everything that was committed before.
    """
    transaction.on_commit(partial(_publish, task, expires, mark), robust=True)


def _publish(task: Task, expires: float, mark: str) -> None:
    try:
        with broker() as client:
            if mark and not client.set(mark, 1, nx=True, px=timedelta(seconds=expires)):
                return
        kept = producers[_connection(current_app.conf.broker_write_url)]
        with kept.acquire(block=True) as producer:
            task.apply_async(producer=producer, retry=False, expires=expires)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("%s is left to beat (%s)", task.name, type(error).__name__)
