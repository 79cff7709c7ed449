"""Signs of life of the worker and of beat, and whether their clocks are right."""

from time import monotonic
from typing import Any

from celery import Task, shared_task
from celery.signals import after_task_publish, beat_init, heartbeat_sent, worker_init
from django.db import DatabaseError, connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core import clock_check, heartbeats, schema
from core.broker import broker

# Seconds. A tick that no worker took in this time is void: the next one stands for it, so that a
# worker that comes back finds one of each and not an afternoon's.
EXPIRES = 10.0
_clock_due = 0.0


@shared_task(name="core.report_alive", bind=True)
def report_alive(self: Task) -> None:
    """Leave the worker's sign of life: it took a task of beat's from the broker and ran it."""
    with broker() as client:
        heartbeats.worker_lives(client, str(self.request.hostname))


@worker_init.connect
@beat_init.connect
def refuse_another_schema(**_rest: Any) -> None:
    """End the worker or beat with one line where the database is another release's."""
    schema.exit_unless_current()
    clock_check.log_at_start()


@worker_init.connect
def forget_an_earlier_worker(sender: Any, **_rest: Any) -> None:
    with broker() as client:
        heartbeats.worker_starts(client, sender.hostname)


@beat_init.connect
def begin_signs_of_life(**_rest: Any) -> None:
    """Beat's sign of life is that it handed `report_alive` to the broker.

    The first goes at once.
    """
    after_task_publish.connect(leave_sign_of_beat, sender=report_alive.name)
    after_task_publish.connect(report_clock_of_beat, sender=report_alive.name)
    with broker() as client:
        heartbeats.beat_starts(client)
    report_alive.apply_async(expires=EXPIRES)


def leave_sign_of_beat(**_rest: Any) -> None:
    with broker() as client:
        heartbeats.beat_lives(client)


def report_clock_of_beat(**_rest: Any) -> None:
    report_clock("beat")


@heartbeat_sent.connect
def report_clock_of_worker(sender: Any, **_rest: Any) -> None:
    """Report the clock of a worker by its own heartbeat.

    Not in a task: by a clock that is ahead, every task of beat's has expired, and none is run.
    """
    report_clock(sender.eventer.hostname)


def report_clock(name: str) -> None:
    """Report how far the clock of this process is from the database's, once a minute."""
    global _clock_due
    if monotonic() < _clock_due:
        return
    _clock_due = monotonic() + clock_check.EVERY
    try:
        with broker() as client:
            clock_check.report(client, name)
    except (DatabaseError, OSError, KombuError, RedisError):
        pass  # /readyz/ tells of each
    finally:
        connection.close()
