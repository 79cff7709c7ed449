"""Comparing arrivals, reading the text of files, and writing what the search finds by."""

import logging
from time import monotonic

from celery import shared_task

from core import clock
from core.broker import broker
from review.duplicates.comparing_arrivals import compare_due
from review.searching.entries import write_due
from review.texts.reading_due_files import read_due

logger = logging.getLogger(__name__)
TIME_LIMIT = 120  # seconds
READ_TIME_LIMIT = 300  # seconds
READING = "evidence-portal:reading-files"
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


@shared_task(name="review.read_files", time_limit=READ_TIME_LIMIT)
def read_files() -> None:
    """Read the text of submitted files that nobody has read yet. Beat asks every ten seconds.

    One run at a time: files that take long keep one worker from its mail, not all of them.
    """
    with broker() as client:
        if not client.set(READING, "1", nx=True, ex=READ_TIME_LIMIT):
            return
        try:
            began = monotonic()
            done = read_due(now=clock.wall_now, until=lambda: monotonic() - began > AT_WORK)
        finally:
            client.delete(READING)
    if done:
        logger.info("files read: %d", done)
