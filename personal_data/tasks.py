"""Carrying out erasures in the background."""

import logging

from celery import shared_task

from core import clock
from core.broker import nudge
from personal_data import erasing

logger = logging.getLogger(__name__)
TIME_LIMIT = 600  # seconds
EXPIRES = 60.0  # seconds; by then beat has sent the next task


@shared_task(name="personal_data.carry_out_erasures", time_limit=TIME_LIMIT)
def carry_out_erasures() -> None:
    """Carry out the approved requests to erase. Beat asks every minute."""
    done = erasing.carry_out_all(at=clock.portal_now())
    if done:
        logger.info("erased: %d requests done", done)


def nudge_erasures() -> None:
    """Have what was just approved carried out once the present transaction commits."""
    nudge(carry_out_erasures, expires=EXPIRES)
