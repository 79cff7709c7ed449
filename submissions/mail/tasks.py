"""Sending mail, enqueueing reminders and digests, and the nudge after a commit."""

import logging
from datetime import datetime
from typing import Any

from celery import Task, shared_task
from celery.signals import beat_init

from core import clock, clock_check, heartbeats
from core.attempts import Attempts
from core.broker import broker, nudge
from submissions.mail import reminding, sending, staff_digests
from submissions.outbox import holding, queue

logger = logging.getLogger(__name__)

# Seconds. A killed run of the sending task is over before its claims are released. Where the mail
# server is slow, the run ends by itself before, and says so: one that is killed again and again
# sends the same mail each time.
TIME_LIMIT = 80
ENDS_BY_ITSELF = 70
EXPIRES = 10.0  # seconds; by then beat has sent the next task


@shared_task(
    name="submissions.send_due_mail",
    bind=True,
    time_limit=TIME_LIMIT,
    soft_time_limit=ENDS_BY_ITSELF,
)
def send_due_mail(self: Task) -> None:
    """Send what is due, unless mail is held or the mail server has just been found away.

    Two runs at a time in a worker: a server that is slow keeps no more from all else.
    """
    turns = f"{heartbeats.SENDING_MAIL}{self.request.hostname}"
    with (
        broker() as client,
        heartbeats.turn(client, turns, of=heartbeats.SENDERS, lasts=TIME_LIMIT) as may_send,
    ):
        client.delete(heartbeats.MAIL_NUDGED)
        if not may_send or holding.is_held() or heartbeats.is_mail_server_away(client):
            return
        report = sending.send_due(portal_now=_now, wall_now=clock.wall_now)
        if report.server_away:
            heartbeats.mail_server_is_away(client, wall_now=clock.wall_now())
        elif report.sent:
            heartbeats.mail_server_is_back(client)
    if report != sending.SendReport():
        logger.info(
            "mail: %d sent, %d deferred, %d failed, %d released",
            report.sent,
            report.deferred,
            report.failed,
            report.released,
        )


@shared_task(name="submissions.release_stuck_mail")
def release_stuck_mail() -> None:
    """Release the mails that a dead worker had claimed."""
    released = queue.release_stuck(wall_now=clock.wall_now())
    if released:
        logger.warning("mail: %d released, whose worker had stopped", released)


@shared_task(name="submissions.enqueue_reminders")
def enqueue_reminders() -> None:
    """Enqueue the reminders before a closing and the notices after one."""
    at = _now()
    with Attempts(logger) as attempts:
        for enqueue in (reminding.enqueue_reminders, reminding.enqueue_closing_notices):
            with attempts.at("%s", enqueue.__name__):
                if number := enqueue(at=at):
                    logger.info("mail: %d reminders or notices enqueued", number)


@shared_task(name="submissions.enqueue_digests")
def enqueue_digests() -> None:
    """Enqueue today's digest for staff."""
    number = staff_digests.enqueue_digests(at=_now())
    if number:
        logger.info("mail: %d digests enqueued", number)


def _now() -> datetime:
    """Return the portal's time, by the database's clock where the worker's is wrong.

    A mail must not say of a call that it has closed, or for how long a link works, by a wrong one.
    """
    return clock_check.corrected(clock.portal_now())


def nudge_mail() -> None:
    """Have due mail sent as soon as the present transaction, if there is one, has committed.

    For speed only: beat sends what a lost nudge did not. In the last minute of a call one run of
    the task has the mails of many submissions.
    """
    nudge(send_due_mail, expires=EXPIRES, mark=heartbeats.MAIL_NUDGED)


@beat_init.connect
def send_what_waited(**_rest: Any) -> None:
    """Send the mail that waited while nothing ran."""
    send_due_mail.apply_async(expires=EXPIRES)
