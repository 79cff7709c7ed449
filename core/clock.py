"""The portal's clock: real time, or in a rehearsal the time since a chosen moment.

Only views, tasks and management commands call `portal_now()`, and only `clock_check` calls
`received()`, for views. All other code gets the moment as an argument.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from core import arrival
from core.moved_clock import read_move, write_move


def portal_now() -> datetime:
    """Return the aware moment (UTC) by the portal's clock."""
    ahead = _ahead()
    return datetime.now(UTC) + ahead


def _ahead() -> timedelta:
    """Return how far the portal's clock is ahead of the real one; in a rehearsal a file says so."""
    if not settings.REHEARSAL:
        return timedelta(0)
    ahead: timedelta = settings.REHEARSAL_OFFSET + read_move(settings.REHEARSAL_MOVED)
    return ahead


def received(request: HttpRequest) -> datetime:
    """Return the aware moment (UTC), by the portal's clock, at which the last byte arrived.

    So a request that is in time stays in time, however long it waits for a worker. Call it once
    the body is read. Where the kernel cannot be asked it is `portal_now()`.
    """
    ahead = _ahead()
    # In this order, so that a pause between the two calls makes the moment later, not earlier. And
    # with nothing between them: while a file is read, other threads run, and the moment would be
    # later by that.
    since = arrival.time_since(request.META)
    return datetime.now(UTC) - since + ahead


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
