"""Which responses an export holds, and in which order: what a person chose, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from submissions.calls.models import Call
from submissions.calls.states import QuestionKind
from submissions.responses.states import Timing, TriageStatus

ORDERS = {
    "oldest": "First submitted first",
    "newest": "Last submitted first",
    "reference": "By reference",
}
LONGEST_SEARCH = 200  # characters


class FilterRefused(ValueError):
    """The choice names something that does not exist; the message is one line for people."""


@dataclass(frozen=True, kw_only=True)
class ExportFilter:
    """What to export. An empty field holds nothing back; several values of one field are “or”.

    `roles`, `income_bands`, `areas` and `service_areas` are keys of options, `codes` names of
    codes. `words` is read like a web search, in the answers that the export shows. `since` and
    `until` are days of the call's time zone, both included, on which the latest version was
    received. `quotable` leaves only responses that may be quoted.
    """

    roles: tuple[str, ...] = ()
    income_bands: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    service_areas: tuple[str, ...] = ()
    timings: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    words: str = ""
    since: date | None = None
    until: date | None = None
    quotable: bool = False
    order: str = "oldest"

    @classmethod
    def from_filters(cls, filters: Mapping[str, Any]) -> "ExportFilter":
        """Return the choice that `filters()` gave; raise FilterRefused for anything else."""
        known = {field.name: field.default for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in filters.items():
            if name not in known:
                raise FilterRefused(f"There is no filter “{name}”. Filters: {', '.join(known)}.")
            if name in {"since", "until"}:
                values[name] = _day(value)
            elif isinstance(known[name], tuple):
                values[name] = tuple(value)
            else:
                values[name] = value
        return cls(**values)

    def filters(self) -> dict[str, Any]:
        """Return what departs from “all of it, oldest first”, as JSON has it."""
        written: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if isinstance(value, tuple):
                value = list(value)
            written[field.name] = value.isoformat() if isinstance(value, date) else value
        return written

    def checked(self, call: Call, codes: tuple[str, ...] = ()) -> "ExportFilter":
        """Return the choice, tidied; raise FilterRefused where the call has no such option.

        `codes` are the names of the call's codes.
        """
        for name, known in (
            ("roles", _keys(call, role_question_key(call))),
            ("income_bands", _keys(call, "income_band")),
            ("areas", _keys(call, "area")),
            ("service_areas", _keys(call, "service_area")),
            ("timings", tuple(Timing.values)),
            ("statuses", tuple(TriageStatus.values)),
            ("codes", codes),
            ("order", tuple(ORDERS)),
        ):
            chosen = getattr(self, name)
            for value in (chosen,) if isinstance(chosen, str) else chosen:
                if value not in known:
                    possible = ", ".join(known) or "none"
                    raise FilterRefused(f"{name}: there is no “{value}”. Possible: {possible}.")
        if self.since and self.until and self.until < self.since:
            raise FilterRefused("The last day is before the first.")
        words = " ".join(self.words.replace("\0", "").split())
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


def role_question_key(call: Call) -> str:
    """Return the key of the question that asks for the respondent's roles."""
    for question in call.questions_in_order:
        if question.kind == QuestionKind.ROLES:
            return question.key
    return "roles"


def _keys(call: Call, key: str) -> tuple[str, ...]:
    question = call.questions_by_key.get(key)
    return tuple(question.option_labels) if question else ()


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
