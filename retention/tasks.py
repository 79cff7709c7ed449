"""The Celery task that ends what has passed its period."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from core import clock, clock_check, working_folders
from core.attempts import Attempts
from exports import export_runs
from retention.carrying_out import carry_out
from submissions.responses import housekeeping, signposting

logger = logging.getLogger(__name__)
TIME_LIMIT = 3600  # seconds


@shared_task(name="retention.end_data", time_limit=TIME_LIMIT)
def end_data() -> None:
    """End what has passed its period, and delete what holds nothing: empty drafts, old sessions.

    Nothing ends by a clock that is wrong: a later run does it, and what failed this time.
    """
    if clock_check.is_wrong():
        return
    at = clock.portal_now()
    with Attempts(logger) as attempts:
        with attempts.at("ending data"):
            logger.info("ended: %s", dict(carry_out(at=at)))
        with attempts.at("empty drafts"):
            logger.info("cleared: %s", housekeeping.clear(at=at))
        with attempts.at("drafts after a page of help"):
            helped = signposting.delete_signposted(at=at)
            logger.info("cleared: %d drafts after a page of help", helped)
        with attempts.at("files of exports"):
            strays = export_runs.purge_strays(wall_now=clock.wall_now())
            logger.info("cleared: %d files of exports", strays)
        with attempts.at("old exports"):
            logger.info("cleared: %d old exports", export_runs.delete_old(at=at))
        with attempts.at("working folders"):
            logger.info("cleared: %d working folders", working_folders.delete_left_folders())
        with attempts.at("sessions"):
            SessionStore.clear_expired()
