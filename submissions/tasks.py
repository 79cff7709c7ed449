"""Celery's entries, and what the web tells the worker. Beat's timetable is in evidence_portal."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Semaphore
from time import sleep
from typing import Any

from celery import Task
from celery.signals import after_task_publish, beat_init, worker_init
from django.contrib.sessions.backends.db import SessionStore
from kombu import Connection
from redis import Redis

from evidence_portal.celery import (
    EXPORTING_MAY_TAKE,
    NUDGE_LASTS,
    PURGING_MAY_TAKE,
    SENDING_MAY_TAKE,
    app,
)
from submissions import clock
from submissions.delivery import sending
from submissions.domain import (
    daily_report,
    export_runs,
    outbox,
    passing_marks,
    reminding,
    retention,
)
from submissions.exports import keeping

logger = logging.getLogger(__name__)

# Celery's own connections wait for a broker; a page and a health check must not.
IMPATIENT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "max_retries": 0}
_nudger = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nudge")
_one_may_wait = Semaphore(1)
BETWEEN_NUDGES = 0.5  # seconds


@app.task(name="submissions.send_due_mail", time_limit=SENDING_MAY_TAKE)
def send_due_mail() -> None:
    """Send what is due, unless the mail server has just been found away."""
    with broker() as client:
        if passing_marks.is_mail_server_away(client):
            return
        tally = sending.send_due(now=clock.now, real_now=clock.real_now)
        if tally.server_away:
            passing_marks.mail_server_is_away(client, real=clock.real_now())
        elif tally.sent:
            passing_marks.mail_server_is_back(client)
    if tally != sending.Tally():
        logger.info(
            "mail: %d sent, %d put off, %d failed, %d given back",
            tally.sent,
            tally.delayed,
            tally.failed,
            tally.given_back,
        )


@app.task(name="submissions.release_stuck_mail")
def release_stuck_mail() -> None:
    released = outbox.release_stuck(real=clock.real_now())
    if released:
        logger.warning("mail: %d released, whose worker had stopped", released)


@app.task(name="submissions.owe_reminders")
def owe_reminders() -> None:
    """Owe the reminders before a closing and the notices after one."""
    at = clock.now()
    owed = reminding.owe_reminders(at=at) + reminding.owe_closing_notices(at=at)
    if owed:
        logger.info("mail: %d reminders and notices owed", owed)


@app.task(name="submissions.purge", time_limit=PURGING_MAY_TAKE)
def purge() -> None:
    """Delete what the privacy notice says is kept no longer, and sessions that have ended."""
    purged = retention.purge(at=clock.now())
    if purged != retention.Purged():
        logger.info("purged: %s", purged)
    expired = export_runs.purge(at=clock.now())
    if expired:
        logger.info("purged: %d exports", expired)
    SessionStore.clear_expired()


@app.task(name="submissions.owe_digests")
def owe_digests() -> None:
    """Owe staff the digest of the day."""
    owed = daily_report.owe_digests(at=clock.now())
    if owed:
        logger.info("mail: %d digests owed", owed)


@app.task(name="submissions.make_exports", time_limit=EXPORTING_MAY_TAKE)
def make_exports() -> None:
    """Make the export that has waited longest, and see to the next."""
    released = export_runs.release_silent(at=clock.now(), real=clock.real_now())
    if released:
        logger.warning("exports: %d whose worker had stopped", released)
    if keeping.make_next(now=clock.now, real_now=clock.real_now) is not None:
        nudge_exports()


@app.task(name="submissions.report_alive", bind=True)
def report_alive(self: Task) -> None:
    """Leave the worker's sign of life: it took a task of beat's from the broker and ran it."""
    with broker() as client:
        passing_marks.worker_lives(client, self.request.hostname)


def nudge_mail() -> None:
    """Have due mail sent now; call it after the commit that owes the mail.

    Returns at once and never raises: a thread of its own speaks to the broker, which may take
    seconds not to answer. It is for speed only; beat sends what a lost nudge did not.
    """
    # One that waits its turn stands for all that come meanwhile.
    if not _one_may_wait.acquire(blocking=False):
        return
    try:
        _nudger.submit(_nudge)
    except RuntimeError:
        _one_may_wait.release()
        logger.warning("no nudge for due mail, as this process ends; beat sends it")


def nudge_exports() -> None:
    """Have a waiting export made now; as with mail, beat makes up for a lost nudge."""
    try:
        _nudger.submit(_hand_over, make_exports, "exports")
    except RuntimeError:
        logger.warning("no nudge for exports, as this process ends; beat has them made")


def _nudge() -> None:
    _one_may_wait.release()
    _hand_over(send_due_mail, "due mail")
    # Meanwhile the next one waits, and stands for all that come in a last minute.
    sleep(BETWEEN_NUDGES)


def _hand_over(task: Task, what: str) -> None:
    connection = _nudging_connection()
    try:
        task.apply_async(connection=connection, retry=False, expires=NUDGE_LASTS)
    except Exception as error:  # noqa: BLE001 - nobody waits for this thread
        connection.release()
        logger.warning("no nudge for %s (%s); beat sends it", what, type(error).__name__)


@cache
def _nudging_connection() -> Connection:
    """The connection that only the nudging thread uses, so that a nudge need not connect."""
    return app.connection_for_write(transport_options=IMPATIENT)


@contextmanager
def broker() -> Iterator[Redis]:
    """Speak to the broker itself, half a second at most for each answer.

    Raises OSError, or what kombu and redis make of it, if there is none.
    """
    with app.connection_for_write(transport_options=IMPATIENT) as connection:
        yield connection.default_channel.client


@worker_init.connect
def forget_an_earlier_worker(sender: Any, **_rest: Any) -> None:
    with broker() as client:
        passing_marks.worker_starts(client, sender.hostname)


@beat_init.connect
def begin_signs_of_life(**_rest: Any) -> None:
    """Beat's sign of life is that it handed `report_alive` to the broker.

    The first goes at once, and with it the mail that waited while nothing ran.
    """
    after_task_publish.connect(leave_sign_of_beat, sender=report_alive.name)
    with broker() as client:
        passing_marks.beat_starts(client)
    report_alive.apply_async(expires=NUDGE_LASTS)
    send_due_mail.apply_async(expires=NUDGE_LASTS)


def leave_sign_of_beat(**_rest: Any) -> None:
    with broker() as client:
        passing_marks.beat_lives(client)
