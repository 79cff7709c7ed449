"""Checking the evidence, and having files scanned."""

import logging

from celery import shared_task
from django.conf import settings

from core import clock, clock_check
from core.broker import broker, nudge
from core.outages import StoreAway
from submissions.responses import scanning
from submissions.responses.ending.stored_files import end_removed_from_drafts
from submissions.responses.evidence_checks.weekly_check import check_evidence, is_due
from submissions.responses.importing import uploads
from submissions.responses.importing.carrying_out import carry_out_next

logger = logging.getLogger(__name__)
TIME_LIMIT = 3600  # seconds
SCAN_TIME_LIMIT = 600  # seconds
SCAN_EXPIRES = 30.0  # seconds
IMPORT_TIME_LIMIT = 3600  # seconds
TICK_LASTS = 10.0  # seconds; by then beat has sent the next task
RUNNING = "evidence-portal:scanning"


@shared_task(name="submissions.check_evidence", time_limit=TIME_LIMIT)
def check_all_evidence() -> None:
    """Check the evidence if that is due, keep the result for staff, and log each problem.

    Where files cannot be read there is no result, and it stays due.
    """
    if not is_due(wall_now=clock.wall_now()):
        return
    try:
        check, problems = check_evidence(wall_now=clock.wall_now())
    except StoreAway as error:
        logger.error("evidence: not checked, %s: %s", error.host, error)
        return
    for line in problems:
        logger.error("evidence: %s", line)
    logger.info("%s: %d problems", check, check.problems)


@shared_task(name="submissions.scan_files", time_limit=SCAN_TIME_LIMIT)
def scan_files() -> None:
    """Have the virus scanner, if one is set up, look at files that it has not seen.

    One run at a time: a scanner that is slow keeps one worker from its mail, not all of them.
    """
    if not settings.CLAMD_URL:
        return
    with broker() as client:
        if not client.set(RUNNING, "1", nx=True, ex=SCAN_TIME_LIMIT):
            return
        try:
            report = scanning.scan_due(now=clock.portal_now)
        finally:
            client.delete(RUNNING)
    if report.scanned:
        logger.info("files: %s", report)


@shared_task(name="submissions.carry_out_imports", time_limit=IMPORT_TIME_LIMIT)
def carry_out_imports() -> None:
    """Enter the responses of uploaded files, and go on with those whose worker stopped."""
    if uploads.release_stuck(wall_now=clock.wall_now()):
        logger.warning("an import is gone on with: its worker had stopped")
    while found := carry_out_next(now=clock.portal_now, wall_now=clock.wall_now):
        logger.info("%s: %d rows, %d entered", found, found.rows_done, found.rows_entered)
        nudge_scan()


@shared_task(name="submissions.clear_imports")
def clear_imports() -> None:
    """Discard uploads that nobody had carried out; nothing by a clock that is wrong."""
    if clock_check.is_wrong():
        return
    uploads.clear(at=clock.portal_now())


@shared_task(name="submissions.end_removed_files")
def end_removed_files() -> None:
    """Delete files that authors took out of drafts, where that was not possible then."""
    if ended := end_removed_from_drafts():
        logger.info("files: %d ended that had been taken out", ended)


def nudge_imports() -> None:
    """Have an import carried out once the present transaction has committed; beat asks anyway."""
    nudge(carry_out_imports, expires=TICK_LASTS)


def nudge_scan() -> None:
    """Have a new file scanned as soon as the present transaction has committed.

    For speed only: beat has every file scanned that a lost nudge left.
    """
    if settings.CLAMD_URL:
        nudge(scan_files, expires=SCAN_EXPIRES)
