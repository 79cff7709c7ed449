"""Moments in the words of the GOV.UK style guide (Dates and times), in a call's time zone.

They are in the active language; Django's own catalogues have the days and months.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS_ALT, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.time_limits import in_calendar

UK = "Europe/London"


def say_time(moment: datetime, zone: str = UK) -> str:
    """Return "midday", "midnight", "5pm" or "5:30pm"; seconds are left out."""
    local = _local(moment, zone)
    if (local.hour, local.minute) == (0, 0):
        return _("midnight")
    if (local.hour, local.minute) == (12, 0):
        return _("midday")
    return _say_12_hour(local, f":{local:%M}" if local.minute else "")


def say_day(moment: datetime, zone: str = UK) -> str:
    """Return "Wednesday 24 July 2019"."""
    day = _local(moment, zone).date()
    return _("%(weekday)s %(day)s %(month)s %(year)s") % {
        "weekday": WEEKDAYS[day.weekday()],
        "day": day.day,
        "month": MONTHS_ALT[day.month],
        "year": day.year,
    }


def say_moment(moment: datetime, zone: str = UK) -> str:
    """Return "midday on Wednesday 24 July 2019 (UK time)".

    Of a midnight it is the day before: "midnight on Wednesday" is either of two to who reads it.
    """
    local = _local(moment, zone)
    if (local.hour, local.minute) == (0, 0):
        return _("midnight at the end of %(day)s (%(zone)s)") % {
            "day": say_day(local - timedelta(days=1), zone),
            "zone": zone_words(zone),
        }
    return _say_time_and_day(say_time(moment, zone), moment, zone)


def say_exactly(moment: datetime, zone: str = UK) -> str:
    """Return "11:59:59am on Wednesday 24 July 2019 (UK time)", for a receipt."""
    local = _local(moment, zone)
    return _say_time_and_day(_say_12_hour(local, f":{local:%M:%S}"), moment, zone)


def say_in_short(moment: datetime, zone: str = UK) -> str:
    """Return "24 July 2019, 11:59:59am (UK time)", for a line of facts."""
    local = _local(moment, zone)
    return _("%(day)s %(month)s %(year)s, %(time)s (%(zone)s)") % {
        "day": local.day,
        "month": MONTHS_ALT[local.month],
        "year": local.year,
        "time": _say_12_hour(local, f":{local:%M:%S}"),
        "zone": zone_words(zone),
    }


def say_left(left: timedelta) -> str:
    """Return "3 days", "5 hours", "12 minutes" or "less than a minute", rounded down."""
    seconds = int(left.total_seconds())
    if seconds < 60:
        return _("less than a minute")
    if seconds < 3_600:
        number = seconds // 60
        said = ngettext("%(number)s minute", "%(number)s minutes", number)
    elif seconds < 86_400:
        number = seconds // 3_600
        said = ngettext("%(number)s hour", "%(number)s hours", number)
    else:
        number = seconds // 86_400
        said = ngettext("%(number)s day", "%(number)s days", number)
    return said % {"number": number}


def say_saved(moment: datetime, now: datetime, zone: str = UK) -> str:
    """Return "10:42am", with "on Wednesday 24 July 2019" after it unless that is today."""
    local = _local(moment, zone)
    time = _say_12_hour(local, f":{local:%M}")
    if local.date() == _local(now, zone).date():
        return time
    return _("%(time)s on %(day)s") % {"time": time, "day": say_day(moment, zone)}


def zone_words(zone: str) -> str:
    if zone == UK:
        return _("UK time")
    return _("%(city)s time") % {"city": zone.split("/")[-1].replace("_", " ")}


def _local(moment: datetime, zone: str) -> datetime:
    return in_calendar(moment).astimezone(ZoneInfo(zone))


def _say_12_hour(local: datetime, after_hour: str) -> str:
    """Return the time on the 12-hour clock: "5pm", or "5:30pm" with ":30" as `after_hour`."""
    time = {"time": f"{local.hour % 12 or 12}{after_hour}"}
    return (_("%(time)sam") if local.hour < 12 else _("%(time)spm")) % time


def _say_time_and_day(time: str, moment: datetime, zone: str) -> str:
    return _("%(time)s on %(day)s (%(zone)s)") % {
        "time": time,
        "day": say_day(moment, zone),
        "zone": zone_words(zone),
    }
