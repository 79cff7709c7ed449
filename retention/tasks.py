"""The Celery task that ends what has passed its period."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from core import clock, clock_check, working_folders
from exports import export_runs
from retention.carrying_out import carry_out
from submissions.responses import housekeeping, signposting

logger = logging.getLogger(__name__)
TIME_LIMIT = 3600  # seconds


@shared_task(name="retention.end_data", time_limit=TIME_LIMIT)
def end_data() -> None:
    """End what has passed its period, and delete what holds nothing: empty drafts, old sessions.

    Nothing ends by a clock that is wrong: a later run does it.
    """
    if clock_check.is_wrong():
        return
    at = clock.portal_now()
    ended = carry_out(at=at)
    if ended:
        logger.info("ended: %s", dict(ended))
    cleared = housekeeping.clear(at=at)
    helped = signposting.delete_signposted(at=at)
    strays = export_runs.purge_strays(wall_now=clock.wall_now())
    left = working_folders.delete_left_folders()
    logger.info("cleared: %s, %d after a page of help", cleared, helped)
    logger.info("cleared: %d files of exports, %d working folders", strays, left)
    SessionStore.clear_expired()
