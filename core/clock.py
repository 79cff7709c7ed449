"""The portal's clock: real time, or in a rehearsal the time since a chosen moment.

Only views, tasks and management commands call `portal_now()`. All other code gets the moment as an
argument.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from core.moved_clock import read_move, write_move


def portal_now() -> datetime:
    """Return the aware moment (UTC) by the portal's clock."""
    ahead_by = ahead()
    return datetime.now(UTC) + ahead_by


def ahead() -> timedelta:
    """Return how far the portal's clock is ahead of the real one; in a rehearsal a file says so."""
    if not settings.REHEARSAL:
        return timedelta(0)
    offset: timedelta = settings.REHEARSAL_OFFSET
    return offset + read_move(settings.REHEARSAL_MOVED)


def wall_now() -> datetime:
    """Return the aware moment (UTC) of the real clock, for heartbeats of processes."""
    return datetime.now(UTC)


def is_rehearsal() -> bool:
    """Return whether a rehearsal clock runs."""
    return bool(settings.REHEARSAL)


def move_to(moment: datetime) -> None:
    """Set the rehearsal clock of all processes to an aware moment.

    Raises RuntimeError if no rehearsal clock runs: the real clock cannot be moved.
    """
    if not settings.REHEARSAL:
        raise RuntimeError("no rehearsal clock runs")
    # In UTC: in local time, a step across the change of the clocks would be an hour off.
    moment = moment.astimezone(UTC)
    write_move(settings.REHEARSAL_MOVED, moment - settings.REHEARSAL_OFFSET - datetime.now(UTC))
