"""Moments that people enter: how early and late, what a local time means, sums in the calendar."""

from calendar import monthrange
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

YEARS_AHEAD = 5
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# A call of an earlier release may close as late as year 9999; sums and time zones end there.
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
# Sums begin no later than this, so that they end in the calendar: short ones, and those of up to a
# hundred years.
_END_OF_SUMS = datetime(9990, 1, 1, tzinfo=UTC)
_END_OF_LONG_SUMS = datetime(9800, 1, 1, tzinfo=UTC)


def latest_moment(at: datetime) -> datetime:
    """Return the latest moment (aware) that may be entered at `at`: five years later."""
    try:
        return at.replace(year=at.year + YEARS_AHEAD)
    except ValueError:  # 29 February
        return at.replace(year=at.year + YEARS_AHEAD, day=28)


def is_day_to_enter(day: date) -> bool:
    """Return whether a day is one that people mean, and that every time zone can take."""
    return EARLIEST.year <= day.year < MAXYEAR


def moments_of(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return in UTC, in order, each moment at which the clocks of `zone` show that time (naive).

    As a rule that is one. An hour comes twice when they go back, and none of it when they go
    forward (PEP 495).
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return [first]
    return [first, second] if first < second else []


def in_calendar(moment: datetime) -> datetime:
    """Return `moment`, or the nearest one that every time zone has a day for."""
    return min(max(moment, _FIRST), _LAST)


def later(moment: datetime, by: timedelta) -> datetime:
    """Return `moment + by`, a moment of the year 9990 where that is past the calendar's end."""
    return min(moment, _END_OF_SUMS) + by


def later_in_calendar(moment: datetime, zone: str, *, days: int = 0, months: int = 0) -> datetime:
    """Return the same time of day that much later in the calendar of `zone`, in UTC.

    A month without such a day ends with its last. A moment after the year 9800 counts as of then.
    """
    local = min(moment, _END_OF_LONG_SUMS).astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    # Within one zone, Python's sums are those of a clock on the wall.
    end = local.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
    return end.astimezone(UTC)
