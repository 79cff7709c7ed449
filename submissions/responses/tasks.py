"""Deleting what the privacy notice says is kept no longer, and checking the evidence."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from core import clock, clock_check
from submissions.responses import retention
from submissions.responses.evidence_checks.checking import check_evidence

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


@shared_task(name="submissions.check_evidence", time_limit=TIME_LIMIT)
def check_all_evidence() -> None:
    """Check the evidence, keep the result for staff, and log each problem."""
    check, problems = check_evidence(wall_now=clock.wall_now())
    for line in problems:
        logger.error("evidence: %s", line)
    logger.info("%s: %d problems", check, check.problems)
