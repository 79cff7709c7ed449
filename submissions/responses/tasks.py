"""Deleting what the privacy notice says is kept no longer."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from core import clock
from submissions.responses import retention

logger = logging.getLogger(__name__)
TIME_LIMIT = 3600  # seconds


@shared_task(name="submissions.purge", time_limit=TIME_LIMIT)
def purge() -> None:
    """Delete what the privacy notice says is kept no longer, and sessions that have ended."""
    purged = retention.purge(at=clock.portal_now())
    if purged != retention.Purged():
        logger.info("purged: %s", purged)
    SessionStore.clear_expired()
