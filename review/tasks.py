"""Comparing arrivals in the background."""

import logging
from time import monotonic

from celery import shared_task

from core import clock
from review.duplicates.comparing import compare_due

logger = logging.getLogger(__name__)
TIME_LIMIT = 120  # seconds
AT_WORK = 8.0  # seconds; beat asks every ten, so mails have their turn in between


@shared_task(name="review.compare_arrivals", time_limit=TIME_LIMIT)
def compare_arrivals() -> None:
    """Compare the responses that nobody compared yet. Beat asks every ten seconds."""
    began = monotonic()
    done = compare_due(now=clock.portal_now, until=lambda: monotonic() - began > AT_WORK)
    if done:
        logger.info("compared: %d responses", done)
