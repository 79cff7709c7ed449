"""Deleting what the privacy notice says is kept no longer."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from core import clock, clock_check
from submissions.responses import retention

logger = logging.getLogger(__name__)
TIME_LIMIT = 3600  # seconds


@shared_task(name="submissions.purge", time_limit=TIME_LIMIT)
def purge() -> None:
    """Delete what the privacy notice says is kept no longer, and sessions that have ended.

    Nothing is deleted by a clock that is wrong: a later run does it.
    """
    if clock_check.is_wrong():
        return
    purged = retention.purge(at=clock.portal_now())
    if purged != retention.Purged():
        logger.info("purged: %s", purged)
    SessionStore.clear_expired()
