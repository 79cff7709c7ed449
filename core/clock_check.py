"""How far this machine's clock is from the database's, which all machines of a portal share.

Real clocks are compared, so a rehearsal's moved clock makes no difference. A clock that is wrong
would judge deadlines wrongly, so web processes take no responses by it. Whatever else they and the
worker write or say meanwhile goes by the database's clock.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import DatabaseError, connection
from django.http import HttpRequest
from redis import Redis

from core import arrival, clock

logger = logging.getLogger(__name__)
WARNS_OVER = timedelta(seconds=2)
REFUSES_OVER = timedelta(seconds=30)
EVERY = 60.0  # seconds
STEP = 1.0  # seconds; a clock that somebody set is compared at once
REPORT = "portal:clock:"
REPORT_LASTS = 180  # seconds


@dataclass(frozen=True)
class Measured:
    """A deviation, when it was measured, and how far the wall clock then was from that one."""

    deviation: timedelta
    at: float
    apart: float


_latest: Measured | None = None


def measure() -> timedelta:
    """Return how far this machine's clock is ahead of the database's, negative if it is behind.

    Zero while the database's moment lies between those just before and just after it was asked:
    the time on the way is no deviation. Raises DatabaseError where the database does not answer.
    """
    connection.ensure_connection()
    with connection.cursor() as cursor:
        before = clock.wall_now()
        cursor.execute("SELECT clock_timestamp()")
        (database_now,) = cursor.fetchone()
        after = clock.wall_now()
    if after < database_now:
        return after - database_now
    return max(before - database_now, timedelta(0))


def deviation() -> timedelta:
    """Return `measure()`, asking the database once a minute in each process.

    It asks at once where the clock was set since, and every time while the clock is wrong.
    """
    global _latest
    now = monotonic()
    apart = clock.wall_now().timestamp() - now
    latest = _latest
    if (
        latest is None
        or now - latest.at >= EVERY
        or abs(apart - latest.apart) > STEP
        or abs(latest.deviation) > REFUSES_OVER
    ):
        latest = _latest = Measured(measure(), now, apart)
        log(latest.deviation)
    return latest.deviation


def is_wrong() -> bool:
    """Return whether no deadline may be judged by this machine's clock."""
    return abs(deviation()) > REFUSES_OVER


def corrected(moment: datetime) -> datetime:
    """Return a moment that this machine's clock gave, by the database's where that one is wrong.

    So what is written meanwhile stays true, and so does what pages and mails say of a closing.
    Otherwise a clock that is two hours fast would date a save two hours ahead, and a response that
    is submitted after it would be late.
    """
    off = deviation()
    return moment - off if abs(off) > REFUSES_OVER else moment


def received(request: HttpRequest) -> datetime:
    """Return when the last byte of the request arrived (`arrival.received`), as `corrected`."""
    return corrected(arrival.received(request))


def in_words(deviation: timedelta, *, whose: str = "this server") -> str:
    """Return for instance "the clock of this server is 2 hours behind the database's".

    "" where it is right, or nearly so.
    """
    if abs(deviation) <= WARNS_OVER:
        return ""
    # What is a moment short of two hours is said as 2 hours.
    seconds = int(abs(deviation).total_seconds() + (abs(deviation) > timedelta(minutes=1)))
    number, unit = next(
        (seconds // length, unit)
        for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
        if seconds >= length
    )
    side = "behind" if deviation < timedelta(0) else "ahead of"
    return f"the clock of {whose} is {number:,} {unit}{'s' * (number > 1)} {side} the database’s"


def log(deviation: timedelta) -> None:
    said = in_words(deviation)
    if abs(deviation) > REFUSES_OVER:
        logger.error("%s: no response is taken until it is right", said)
    elif said:
        logger.warning("%s", said)


def log_at_start() -> None:
    """Say in the log of a process that starts if its clock is off; a database may be away."""
    try:
        log(measure())
    except DatabaseError:
        pass
    finally:
        connection.close()  # processes that are forked from this one share no connection


def report(client: Redis, name: str) -> None:
    """Log the deviation of this process's clock, and leave it in the broker under its name."""
    off = measure()
    log(off)
    client.set(f"{REPORT}{name}", off.total_seconds(), ex=REPORT_LASTS)


def reports(client: Redis) -> dict[str, timedelta]:
    """Return what workers and beat reported in the last three minutes, by their names."""
    keys = sorted(client.scan_iter(match=f"{REPORT}*", count=1000))
    found = zip(keys, client.mget(keys) if keys else (), strict=True)
    return {
        key.decode().removeprefix(REPORT): timedelta(seconds=float(value))
        for key, value in found
        if value is not None
    }
