"""Sending mail, owing reminders and digests, and the nudge after a commit."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Semaphore
from time import sleep
from typing import Any

from celery import Task, current_app, shared_task
from celery.signals import beat_init
from kombu import Connection

from core import clock, heartbeats
from core.broker import IMPATIENT, broker
from submissions.mail import daily_report, reminding, sending
from submissions.outbox import queue

logger = logging.getLogger(__name__)

# Seconds. A killed run of the sending task is over before its claims are released.
TIME_LIMIT = 80
# A nudge that no worker took in this time is void: beat's next tick stands for it.
EXPIRES = 10.0
_nudger = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nudge")
_one_may_wait = Semaphore(1)
BETWEEN_NUDGES = 0.5  # seconds


@shared_task(name="submissions.send_due_mail", time_limit=TIME_LIMIT)
def send_due_mail() -> None:
    """Send what is due, unless the mail server has just been found away."""
    with broker() as client:
        if heartbeats.is_mail_server_away(client):
            return
        tally = sending.send_due(now=clock.portal_now, wall_now=clock.wall_now)
        if tally.server_away:
            heartbeats.mail_server_is_away(client, wall_now=clock.wall_now())
        elif tally.sent:
            heartbeats.mail_server_is_back(client)
    if tally != sending.Tally():
        logger.info(
            "mail: %d sent, %d put off, %d failed, %d given back",
            tally.sent,
            tally.delayed,
            tally.failed,
            tally.given_back,
        )


@shared_task(name="submissions.release_stuck_mail")
def release_stuck_mail() -> None:
    released = queue.release_stuck(wall_now=clock.wall_now())
    if released:
        logger.warning("mail: %d released, whose worker had stopped", released)


@shared_task(name="submissions.enqueue_reminders")
def enqueue_reminders() -> None:
    """Owe the reminders before a closing and the notices after one."""
    at = clock.portal_now()
    owed = reminding.enqueue_reminders(at=at) + reminding.enqueue_closing_notices(at=at)
    if owed:
        logger.info("mail: %d reminders and notices owed", owed)


@shared_task(name="submissions.enqueue_digests")
def enqueue_digests() -> None:
    """Owe staff the digest of the day."""
    owed = daily_report.enqueue_digests(at=clock.portal_now())
    if owed:
        logger.info("mail: %d digests owed", owed)


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


def _nudge() -> None:
    _one_may_wait.release()
    _hand_over(send_due_mail, "due mail")
    # Meanwhile the next one waits, and stands for all that come in a last minute.
    sleep(BETWEEN_NUDGES)


def _hand_over(task: Task, what: str) -> None:
    connection = _nudging_connection()
    try:
        task.apply_async(connection=connection, retry=False, expires=EXPIRES)
    except Exception as error:  # noqa: BLE001 - nobody waits for this thread
        connection.release()
        logger.warning("no nudge for %s (%s); beat sends it", what, type(error).__name__)


@cache
def _nudging_connection() -> Connection:
    """The connection that only the nudging thread uses, so that a nudge need not connect."""
    return current_app.connection_for_write(transport_options=IMPATIENT)


def nudge(task: Task, what: str) -> None:
    """Hand the task to the worker now, from a thread of its own; never raises."""
    try:
        _nudger.submit(_hand_over, task, what)
    except RuntimeError:
        logger.warning("no nudge for %s, as this process ends; beat sends it", what)


@beat_init.connect
def send_what_waited(**_rest: Any) -> None:
    """Send the mail that waited while nothing ran."""
    send_due_mail.apply_async(expires=EXPIRES)
