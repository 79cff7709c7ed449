"""Making exports, and deleting those whose week is over."""

import logging

from celery import shared_task

from core import clock
from exports import export_runs, worker
from submissions.mail.tasks import nudge

logger = logging.getLogger(__name__)
# Seconds. A bundle of a large call. However often the broker hands the task over again meanwhile,
# what is being made has been claimed, and nothing is made twice.
TIME_LIMIT = 7200


@shared_task(name="exports.make_exports", time_limit=TIME_LIMIT)
def make_exports() -> None:
    """Make the export that has waited longest, and see to the next."""
    released = export_runs.release_silent(at=clock.portal_now(), wall_now=clock.wall_now())
    if released:
        logger.warning("exports: %d whose worker had stopped", released)
    if worker.make_next(now=clock.portal_now, wall_now=clock.wall_now) is not None:
        nudge_exports()


@shared_task(name="exports.purge")
def purge() -> None:
    """Delete the exports that are kept no longer."""
    expired = export_runs.purge(at=clock.portal_now())
    if expired:
        logger.info("purged: %d exports", expired)


def nudge_exports() -> None:
    """Have a waiting export made now; as with mail, beat makes up for a lost nudge."""
    nudge(make_exports, "exports")
