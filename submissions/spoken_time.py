"""Moments in the words of the GOV.UK style guide (Dates and times), in a call's time zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

UK = "Europe/London"


def say_time(moment: datetime, zone: str = UK) -> str:
    """Return "midday", "midnight", "5pm" or "5:30pm"; seconds are left out."""
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) in {(0, 0), (12, 0)}:
        return "midnight" if local.hour == 0 else "midday"
    hour = local.hour % 12 or 12
    minutes = f":{local:%M}" if local.minute else ""
    return f"{hour}{minutes}{'am' if local.hour < 12 else 'pm'}"


def say_day(moment: datetime, zone: str = UK) -> str:
    """Return "Wednesday 24 July 2019"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B %Y}"


def say_moment(moment: datetime, zone: str = UK) -> str:
    """Return "midday on Wednesday 24 July 2019 (UK time)"."""
    return f"{say_time(moment, zone)} on {say_day(moment, zone)} ({zone_words(zone)})"


def say_exactly(moment: datetime, zone: str = UK) -> str:
    """Return "11:59:59am on Wednesday 24 July 2019 (UK time)", for a receipt."""
    local = moment.astimezone(ZoneInfo(zone))
    hour = local.hour % 12 or 12
    half = "am" if local.hour < 12 else "pm"
    return f"{hour}:{local:%M:%S}{half} on {say_day(moment, zone)} ({zone_words(zone)})"


def say_left(left: timedelta) -> str:
    """Return "3 days", "5 hours", "12 minutes" or "less than a minute", rounded down."""
    seconds = int(left.total_seconds())
    for size, one, several in (
        (86_400, "1 day", "{} days"),
        (3_600, "1 hour", "{} hours"),
        (60, "1 minute", "{} minutes"),
    ):
        if seconds >= size:
            number = seconds // size
            return one if number == 1 else several.format(number)
    return "less than a minute"


def say_saved(moment: datetime, now: datetime, zone: str = UK) -> str:
    """Return "10:42am", with "on Wednesday 24 July 2019" after it unless that is today."""
    local = moment.astimezone(ZoneInfo(zone))
    time = f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
    same_day = local.date() == now.astimezone(ZoneInfo(zone)).date()
    return time if same_day else f"{time} on {say_day(moment, zone)}"


def zone_words(zone: str) -> str:
    return "UK time" if zone == UK else f"{zone.split('/')[-1].replace('_', ' ')} time"
