"""The portal's clock: real time, or a rehearsal's time that ticks on from a chosen moment.

Only views, tasks and management commands call `portal_now()`, and only views `received()`;
everything below is handed the moment.
"""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest

from core import arrival
from core.moved_clock import read_move, write_move


def portal_now() -> datetime:
    """Return the aware moment (UTC) by the portal's clock."""
    if settings.REHEARSAL:
        move = read_move(settings.REHEARSAL_MOVED)
        return datetime.now(UTC) + settings.REHEARSAL_OFFSET + move
    return datetime.now(UTC)


def received(request: HttpRequest) -> datetime:
    """Return the aware moment (UTC), by the portal's clock, at which the request had arrived.

    Whole, in this machine's kernel: a request in time is in time however long it waits for us.
    Call it once the body is read. It is `portal_now()` where the kernel cannot be asked.
    """
    # In this order: a pause between the two makes the moment later, never earlier than it was.
    since = arrival.time_since(request.META)
    return portal_now() - since


def wall_now() -> datetime:
    """Return the aware moment (UTC) of the real clock, for signs of life of processes."""
    return datetime.now(UTC)


def is_rehearsal() -> bool:
    """Return whether the portal's clock is a rehearsal's and not the real one."""
    return bool(settings.REHEARSAL)


def move_to(moment: datetime) -> None:
    """Set the rehearsal's clock, in every process at once, to an aware moment.

    Raises RuntimeError where no rehearsal clock runs: the real clock cannot be moved.
    """
    if not settings.REHEARSAL:
        raise RuntimeError("no rehearsal clock runs")
    # In UTC: in a zone of its own, a step across the change to summer time would be an hour off.
    moment = moment.astimezone(UTC)
    write_move(settings.REHEARSAL_MOVED, moment - settings.REHEARSAL_OFFSET - datetime.now(UTC))
