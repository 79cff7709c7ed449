"""How long each class of a call's data is kept: the periods of its definition, and when each ends.

One rule for pages, mails, the calendar of staff and the task that carries it out. What respondents
gave is kept while the call is open, so its periods count from the closing time. An export is a
copy: its period counts from when it was made.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import ngettext

from core.time_limits import later_in_calendar

MOST_YEARS = 100
MOST = {"day": MOST_YEARS * 366, "week": MOST_YEARS * 53, "month": MOST_YEARS * 12}
_WRITTEN = re.compile(r"([1-9][0-9]{0,4}) (day|week|month|year)s? after (closing|making)", re.ASCII)


class DataClass(TextChoices):
    """A class of data with a period of its own, by its key in the call definition."""

    DRAFTS = "drafts", "Unfinished responses"
    MAILS = "mails", "Mails"
    CONTACT_DETAILS = "contact_details", "Contact details"
    FILES = "files", "Files"
    EVIDENCE = "evidence", "Evidence"
    EXPORTS = "exports", "Exports"
    RECORD = "record", "The record"


DEFAULTS: Mapping[str, str] = {
    DataClass.DRAFTS.value: "90 days after closing",
    DataClass.MAILS.value: "90 days after closing",
    DataClass.CONTACT_DETAILS.value: "12 months after closing",
    DataClass.FILES.value: "24 months after closing",
    DataClass.EVIDENCE.value: "24 months after closing",
    DataClass.EXPORTS.value: "7 days after making",
    DataClass.RECORD.value: "6 years after closing",
}
# The first of each pair may not be kept longer than the second: what ends with the second is
# part of what the first would still keep, or of what it needs.
ORDER = (
    (DataClass.DRAFTS, DataClass.CONTACT_DETAILS),
    (DataClass.DRAFTS, DataClass.FILES),
    (DataClass.MAILS, DataClass.CONTACT_DETAILS),
    (DataClass.CONTACT_DETAILS, DataClass.EVIDENCE),
    (DataClass.FILES, DataClass.EVIDENCE),
    (DataClass.EVIDENCE, DataClass.RECORD),
)


class Closing(Protocol):
    """A call or its definition."""

    @property
    def closes_at(self) -> datetime: ...
    @property
    def timezone(self) -> str: ...
    @property
    def retention(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Period:
    """A number of days, weeks, months or years after an event: `closing` or `making`."""

    number: int
    unit: str
    after: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'s' * (self.number != 1)} after {self.after}"

    def ends_after(self, moment: datetime, zone: str) -> datetime:
        """Return when the period ends that began at `moment`, counted in the calendar of `zone`."""
        if self.unit in {"month", "year"}:
            months = self.number * (12 if self.unit == "year" else 1)
            return later_in_calendar(moment, zone, months=months)
        return later_in_calendar(moment, zone, days=self.number * (7 if self.unit == "week" else 1))

    def say(self) -> str:
        """Return for instance "12 months", in the active language."""
        number = self.number
        said = {
            "day": ngettext("%(number)s day", "%(number)s days", number),
            "week": ngettext("%(number)s week", "%(number)s weeks", number),
            "month": ngettext("%(number)s month", "%(number)s months", number),
            "year": ngettext("%(number)s year", "%(number)s years", number),
        }
        return said[self.unit] % {"number": number}


def parse(written: str) -> Period:
    """Return the period of for instance "12 months after closing"; ValueError for another text."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(written)
    number, unit, after = int(found[1]), found[2], found[3]
    if number > MOST.get(unit, MOST_YEARS):
        raise ValueError(written)
    return Period(number, unit, after)


def default_periods() -> dict[str, str]:
    """Return the periods of a call whose definition says none."""
    return dict(DEFAULTS)


def period_of(call: Closing, data_class: DataClass) -> Period:
    return parse(call.retention.get(data_class) or DEFAULTS[data_class])


def ends_at(
    call: Closing, data_class: DataClass, *, counted_from: datetime | None = None
) -> datetime:
    """Return when the class ends, for what could still be submitted until `counted_from`.

    That is the closing time, or later the end of a late pass.
    """
    start = max(call.closes_at, counted_from or call.closes_at)
    return period_of(call, data_class).ends_after(start, call.timezone)


def export_ends_at(call: Closing, *, made_at: datetime) -> datetime:
    return period_of(call, DataClass.EXPORTS).ends_after(made_at, call.timezone)


def has_ended(call: Closing, data_class: DataClass, *, at: datetime) -> bool:
    """Return whether data of the class ends at `at`; nothing does while the call is open."""
    return at >= ends_at(call, data_class)


def end_earlier(before: Closing, after: Closing) -> list[DataClass]:
    """Return the classes whose data ends earlier by `after` than it did by `before`."""
    return [one for one in DataClass if ends_at(after, one) < ends_at(before, one)]
