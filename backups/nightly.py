"""The container that backs up: one backup a night, one drill a week, the erasures every hour.

Each step is a command in a process of its own. One that fails says why in the log and in its
report, and a backup is tried again every hour.
"""

import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

from backups.errors import BackupFailed

logger = logging.getLogger(__name__)
SUNDAY = 6
A_STEP = timedelta(hours=1)  # the longest time between two
MADE_UP_FOR = timedelta(days=1)


def run(
    *,
    at: time,
    options: list[str],
    newest: Callable[[], str],
    wall_now: Callable[[], datetime],
    wait: Callable[[float], None],
) -> None:
    """Back up each night at `at` (UTC), without an end; at once where there is no backup yet.

    `options` go to each backup. `newest` names the newest whole one, "" if there is none. `wait`
    gets seconds. Where the clock was set, neither a year of nights is made up for, nor one waited
    for.
    """
    due = None if newest() else ["--drill"]
    now = wall_now()
    if due is not None and _is_made([*due, *options], newest):
        due = None
    while True:
        if now > wall_now() + A_STEP:
            now = wall_now()
        following = next_step(max(now, wall_now() - MADE_UP_FOR), at)
        wait(max(0.0, (following - wall_now()).total_seconds()))
        now = following
        if is_night(now, at):
            due = ["--drill"] if due or now.weekday() == SUNDAY else []
        if due is not None and _is_made([*due, *options], newest):
            due = None
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


def _is_made(words: list[str], newest: Callable[[], str]) -> bool:
    """Back up, and return whether there is another backup now: what failed may be its drill."""
    before = _read(newest)
    _command("backup", *words)
    return _read(newest) not in ("", before)


def _read(newest: Callable[[], str]) -> str:
    try:
        return newest()
    except BackupFailed:  # the command said so
        return ""


def _command(*words: str) -> None:
    ran = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *words], check=False
    )
    if ran.returncode != 0:
        logger.error("manage.py %s ended with %d", " ".join(words[:2]), ran.returncode)
