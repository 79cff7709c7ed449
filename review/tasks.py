"""Comparing arrivals, and writing what the search finds them by, in the background."""

import logging
from time import monotonic

from celery import shared_task

from core import clock
from review.duplicates.comparing import compare_due
from review.searching.entries import write_due

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


@shared_task(name="review.write_search_entries", time_limit=TIME_LIMIT)
def write_search_entries() -> None:
    """Write by which words responses are found. Beat asks every ten seconds."""
    began = monotonic()
    done = write_due(until=lambda: monotonic() - began > AT_WORK)
    if done:
        logger.info("written for the search: %d responses", done)
