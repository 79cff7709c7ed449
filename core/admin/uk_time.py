"""Dates and times as the admin writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.spoken_time import UK


def in_uk_time(moment: datetime | None) -> str:
    """Return for instance "24 July 2019, 11:59:59", in UK time; "" for none."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(UK))
    return f"{local.day} {local:%B %Y, %H:%M:%S}"


def uk_day(moment: datetime) -> str:
    """Return for instance "2019-07-24", as names of files have it: the day in the UK."""
    return f"{moment.astimezone(ZoneInfo(UK)):%Y-%m-%d}"


def in_uk_time_exactly(moment: datetime) -> str:
    """Return for instance "24 July 2019, 11:59:59.999999 BST"."""
    local = moment.astimezone(ZoneInfo(UK))
    return f"{local.day} {local:%B %Y, %H:%M:%S.%f %Z}"
