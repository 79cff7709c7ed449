"""The Celery task that makes the exports that wait."""

import logging

from celery import shared_task

from accounts.tasks import nudge_account_mail
from core import clock, clock_check
from core.attempts import Attempts
from core.broker import nudge
from exports import changes, export_runs, tokens, worker

logger = logging.getLogger(__name__)
# Seconds; many PDFs take an hour on a slow machine. The broker may hand the task over again
# meanwhile: the run is claimed, so no other worker makes it.
TIME_LIMIT = 7200
ENDED_AT_ONCE = 100
EXPIRES = 10.0  # seconds; by then beat has sent the next task


@shared_task(name="exports.make_exports", time_limit=TIME_LIMIT)
def make_exports() -> None:
    """Make the export that has waited longest, and start the next."""
    with Attempts(logger) as attempts:
        released = export_runs.release_stuck(at=clock.portal_now(), wall_now=clock.wall_now())
        if released:
            logger.warning("exports: %d whose worker had stopped", released)
            with attempts.at("what stopped workers left of files"):
                export_runs.purge_strays(wall_now=clock.wall_now())
        with attempts.at("files that no export may have all of any more"):
            ended = export_runs.end_outdated(limit=ENDED_AT_ONCE)
            if ended:
                logger.info(
                    "exports: %d files ended, as no export may have all of them any more", ended
                )
        if worker.make_next(now=clock.portal_now, wall_now=clock.wall_now) is not None:
            nudge_exports()


def nudge_exports() -> None:
    """Ask the worker to make a waiting export once the present transaction commits.

    Beat asks anyway, in case the nudge is lost.
    """
    nudge(make_exports, expires=EXPIRES)


@shared_task(name="exports.number_changes")
def number_changes() -> None:
    """Number what changed, so that programs find when it did, also if none asks for a week."""
    changes.give_all_numbers(at=clock.portal_now())


@shared_task(name="exports.look_after_tokens")
def look_after_tokens() -> None:
    """Warn of tokens that end soon, and delete those that ended long ago.

    Nothing by a clock that is wrong: a later run does it.
    """
    if clock_check.is_wrong():
        return
    if tokens.warn_of_ends(wall_now=clock.wall_now()):
        nudge_account_mail()
    tokens.delete_ended(wall_now=clock.wall_now())
