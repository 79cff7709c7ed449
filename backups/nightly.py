"""The container that backs up: one backup a night, one drill a week, the erasures every hour.

Each step is a command in a process of its own. One that fails says why in the log and in its
report, and the next night tries again.
"""

import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

logger = logging.getLogger(__name__)
SUNDAY = 6
A_STEP = timedelta(hours=1)  # the longest time between two
MADE_UP_FOR = timedelta(days=1)


def run(
    *,
    at: time,
    options: list[str],
    has_backup: bool,
    wall_now: Callable[[], datetime],
    wait: Callable[[float], None],
) -> None:
    """Back up each night at `at` (UTC), without an end; at once where there is no backup yet.

    `options` go to each backup. `wait` gets seconds. Where the clock was set, neither a year of
    nights is made up for, nor one waited for.
    """
    if not has_backup:
        _command("backup", "--drill", *options)
    now = wall_now()
    while True:
        if now > wall_now() + A_STEP:
            now = wall_now()
        following = next_step(max(now, wall_now() - MADE_UP_FOR), at)
        wait(max(0.0, (following - wall_now()).total_seconds()))
        now = following
        if is_night(now, at):
            drills = ["--drill"] if now.weekday() == SUNDAY else []
            _command("backup", *drills, *options)
        else:
            _command("backup", "--erasures", *options)


def next_step(after: datetime, at: time) -> datetime:
    """Return when something is to be done next: at a full hour, or at the time of the backup."""
    moment = after.astimezone(UTC)
    hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    night = moment.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if night <= moment:
        night += timedelta(days=1)
    return min(hour, night)


def is_night(moment: datetime, at: time) -> bool:
    return (moment.hour, moment.minute) == (at.hour, at.minute)


def _command(*words: str) -> None:
    ran = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *words], check=False
    )
    if ran.returncode != 0:
        logger.error("manage.py %s ended with %d", " ".join(words[:2]), ran.returncode)
