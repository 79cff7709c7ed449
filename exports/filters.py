"""Which responses an export contains, and in which order: what a person chose, and nothing else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.canonical import canonical_text
from core.time_limits import EARLIEST, YEARS_AHEAD
from exports.listed import Listed
from submissions.calls.models import Call
from submissions.calls.states import Publication, PublicationPolicy
from submissions.responses.states import Timing, TriageStatus

ORDERS = {
    "oldest": "First submitted first",
    "newest": "Last submitted first",
    "reference": "By reference",
}
# How responses that staff put into a campaign are counted, and duplicates.
CAMPAIGNS = {
    "": "All responses as they came",
    "named": "All responses, with a column that names the campaign",
    "once": "Each campaign once, and duplicates not at all",
}
# Filters by what respondents allow, and by which questions they go.
CONSENTS = {
    "publications": "publication",
    "org_name_listed": "org_name_listed",
    "quote_ok": "quote_ok",
}
# How a table has the choices, and several of one question.
LABELS = "labels"
CHOICES = {"keys": "By their keys, which the dictionary explains", LABELS: "By their labels"}
APART = "apart"
SEVERAL = {
    "joined": "Joined in one column",
    APART: "Joined, and a column of yes or no for each option",
}
LONGEST_SEARCH = 200  # characters


class FilterRefused(ValueError):
    """The filter names what the call does not have; the message is one line for people."""


@dataclass(frozen=True, kw_only=True)
class ExportFilter:
    """What to export. An empty field holds nothing back; several values of one field are “or”.

    `facets` has keys of options by the key of their question; different facets narrow each other.
    `codes` are names of codes. `words` is read like a web search, in the answers that the export
    shows. `publications`, `org_name_listed` and `quote_ok` are what respondents allow.
    `since` and `until` are days of the call's time zone, both included, on which the latest
    version was received; of a withheld response, the first. `quotable` leaves only responses that
    may be quoted. `campaigns` is one of CAMPAIGNS. `choices` and `several`, one of CHOICES and of
    SEVERAL, say how a table has them. `listed` are rows of the list of responses, which staff alone
    choose by.
    """

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timings: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    org_name_listed: tuple[str, ...] = ()
    quote_ok: tuple[str, ...] = ()
    words: str = ""
    since: date | None = None
    until: date | None = None
    quotable: bool = False
    campaigns: str = ""
    order: str = "oldest"
    choices: str = "keys"
    several: str = "joined"
    listed: Listed | None = None

    @property
    def asks_beyond_the_bare_row(self) -> bool:
        """Whether it asks for more than the bare row says: its moment, timing and publication."""
        chosen = (self.statuses, self.codes, self.org_name_listed, self.quote_ok, self.words)
        by_listing = self.listed is not None and self.listed.by_what_they_say
        return any(self.facets.values()) or any(chosen) or self.quotable or by_listing

    @property
    def is_part(self) -> bool:
        """Whether it may leave a response out; the order and how choices are written do not."""
        chosen = set(self.filters()) - {"campaigns", "order", "choices", "several"}
        return bool(chosen) or self.campaigns == "once"

    @classmethod
    def from_filters(cls, filters: Mapping[str, Any]) -> "ExportFilter":
        """Return the filter that `filters()` wrote; raise FilterRefused for anything else."""
        known = {field.name: getattr(cls(), field.name) for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in filters.items():
            if name not in known:
                raise FilterRefused(f"There is no filter “{name}”. Filters: {', '.join(known)}.")
            if name == "facets":
                values[name] = {key: tuple(chosen) for key, chosen in value.items() if chosen}
            elif name in {"since", "until"}:
                values[name] = _day(value)
            elif name == "listed":
                values[name] = Listed.from_json(value)
            elif isinstance(known[name], tuple):
                values[name] = tuple(value)
            else:
                values[name] = value
        return cls(**values)

    def filters(self) -> dict[str, Any]:
        """Return what departs from “all of it, oldest first”, as JSON has it."""
        written: dict[str, Any] = {}
        everything = ExportFilter()
        for field_name in (each.name for each in fields(self)):
            value = getattr(self, field_name)
            if value == getattr(everything, field_name):
                continue
            if isinstance(value, Listed):
                value = value.as_json()
            elif isinstance(value, tuple):
                value = list(value)
            elif isinstance(value, Mapping):
                value = {key: list(chosen) for key, chosen in value.items()}
            written[field_name] = value.isoformat() if isinstance(value, date) else value
        return written

    def filters_on_record(self) -> dict[str, Any]:
        """Return the same for the record, which names the rows of a list by their references."""
        written = self.filters()
        if self.listed is not None:
            written["listed"] = list(self.listed.chosen)
        return written

    def filters_in_files(self) -> dict[str, Any]:
        """Return the same for a file, whose readers may not know by what staff choose."""
        written = self.filters()
        if self.listed is not None:
            written["listed"] = True
        return written

    def checked(self, call: Call, codes: tuple[str, ...] = ()) -> "ExportFilter":
        """Return the filter, tidied; raise FilterRefused where the call has no such option.

        `codes` are the names of the call's codes.
        """
        facets = {question.key: question for _facet, question in call.facet_questions}
        for key, chosen in self.facets.items():
            _refuse_unknown("facets", (key,), facets)
            _refuse_unknown(key, chosen, facets[key].option_labels)
        _refuse_unknown("timings", self.timings, Timing.values)
        _refuse_unknown("statuses", self.statuses, TriageStatus.values)
        _refuse_unknown("codes", self.codes, codes)
        allowed = consent_options(call)
        for name in CONSENTS:
            _refuse_unknown(name, getattr(self, name), allowed.get(name, {}))
        if self.quotable and "quote_ok" not in allowed:
            raise FilterRefused("quotable: the call does not ask whether it may quote.")
        _refuse_unknown("campaigns", (self.campaigns,), CAMPAIGNS)
        _refuse_unknown("order", (self.order,), ORDERS)
        _refuse_unknown("choices", (self.choices,), CHOICES)
        _refuse_unknown("several", (self.several,), SEVERAL)
        # Nothing is received later: a late pass lasts so long at most.
        last = call.closes_at.year + YEARS_AHEAD
        for day in (self.since, self.until):
            if day and not EARLIEST.year <= day.year <= last:
                raise FilterRefused(f"Give days in the years {EARLIEST.year} to {last}.")
        if self.since and self.until and self.until < self.since:
            raise FilterRefused("The last day is before the first.")
        # As answers are stored: other forms of the same letters would find none.
        words = " ".join(canonical_text(self.words.replace("\0", "")).split())
        if len(words) > LONGEST_SEARCH:
            raise FilterRefused(f"Search for {LONGEST_SEARCH} characters or fewer.")
        return replace(self, words=words)

    def received_between(self, call: Call) -> tuple[datetime | None, datetime | None]:
        """Return the moments `since` begins and `until` is over (that one not included)."""
        zone = ZoneInfo(call.timezone)
        first, last = self.since, self.until
        return (
            datetime(first.year, first.month, first.day, tzinfo=zone) if first else None,
            _start_of_next(last, zone) if last else None,
        )


def consent_options(call: Call) -> dict[str, dict[str, str]]:
    """Return the options of each filter by what respondents allow, those that the call asks for."""
    asked = call.questions_by_key
    found: dict[str, dict[str, str]] = {}
    if call.publication == PublicationPolicy.ASKED and "publication" in asked:
        # A response that left the question open is confidential, whatever the call offers.
        left_open = {Publication.CONFIDENTIAL.value: str(Publication.CONFIDENTIAL.label)}
        found["publications"] = left_open | asked["publication"].option_labels
    for name in ("org_name_listed", "quote_ok"):
        if name in asked:
            found[name] = asked[name].option_labels
    return found


def _refuse_unknown(name: str, chosen: Collection[str], known: Collection[str]) -> None:
    for value in chosen:
        if value not in known:
            possible = ", ".join(filter(None, known))
            rest = f"Possible: {possible}." if possible else "This call has none."
            raise FilterRefused(f"{name}: there is no “{value}”. {rest}")


def _start_of_next(day: date, zone: ZoneInfo) -> datetime:
    if day == date.max:
        return datetime.max.replace(tzinfo=zone)
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone)


def _day(value: Any) -> date | None:
    if value in (None, "") or isinstance(value, date):
        return value or None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise FilterRefused(f"“{value}” is not a day. Write it as 2019-07-24.") from None
