"""The calendar of a call: what ends when, how much there is now, what has ended so far."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import AuditEvent
from accounts.rights import Person, calls_of
from accounts.states import Action, AuditAction
from core import database_roles, spoken_time
from retention import of_record
from retention.confirming import confirmed_by_call, confirmed_classes
from retention.endings import ENDINGS, Ending
from submissions.calls.models import Call
from submissions.calls.retention import DataClass

LATE_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class CalendarRow:
    """What ends by one rule. `due` would end now; `by_itself` is whether it does.

    `by_operators`: it needs a command of theirs then.
    """

    label: str
    what: str
    rule: str
    ends: str
    held: int
    due: int
    by_itself: bool
    by_operators: bool


@dataclass(frozen=True)
class Ended:
    """What one day's run ended of one class."""

    day: str
    label: str
    rule: str
    counts: str


def calendar_of(call: Call, *, at: datetime) -> list[CalendarRow]:
    """Return the rows by when they end; copies, which end by their own age, come first."""
    is_owner = database_roles.owns_tables()
    confirmed = confirmed_classes(call)
    return [
        CalendarRow(
            label=ending.data_class.label,
            what=ending.what,
            rule=ending.rule(call),
            ends=_ends(call, ending),
            held=ending.held(call),
            due=_due(call, ending, at),
            by_itself=ending.is_copy or ending.data_class in confirmed,
            by_operators=ending.needs_owner and not is_owner,
        )
        for ending in sorted(ENDINGS, key=lambda one: one.ends_at(call) or call.opens_at)
    ]


def due_of(call: Call, *, at: datetime) -> dict[str, int]:
    """Return how much of each class would end at `at` if somebody had confirmed it."""
    due: Counter[str] = Counter()
    for ending in ENDINGS:
        due[ending.data_class.value] += _due(call, ending, at)
    return dict(due)


def waits_for_confirmation(call: Call, *, at: datetime) -> bool:
    """Return whether something has passed its period and nobody has confirmed that it ends."""
    return _waits(call, confirmed_classes(call), at)


def _waits(call: Call, confirmed: set[DataClass], at: datetime) -> bool:
    waiting = [one for one in ENDINGS if not one.is_copy and one.data_class not in confirmed]
    return any(_due(call, ending, at) for ending in waiting)


def records_overdue(*, at: datetime) -> list[Call]:
    """Return the calls whose record could have ended a week ago: the operators end it."""
    then = at - LATE_AFTER
    closed = list(Call.objects.filter(closes_at__lte=then))
    confirmed = confirmed_by_call(closed, before=then)
    ending = [one for one in closed if DataClass.RECORD in confirmed[one.pk]]
    return [one for one in ending if of_record.due(one, at=then)]


def calls_that_wait(reader: Person, *, at: datetime) -> list[Call]:
    """Return those calls whose data waits for a confirmation that the reader may give."""
    calls = list(calls_of(reader, Action.CONFIRM_RETENTION).filter(closes_at__lte=at))
    confirmed = confirmed_by_call(calls)
    return [call for call in calls if _waits(call, confirmed[call.pk], at)]


def ended_so_far(call: Call) -> list[Ended]:
    """Return what was ended, by day, class and rule, the latest first, out of the record."""
    events = AuditEvent.objects.filter(call=call, action=AuditAction.DATA_ENDED)
    by_day: dict[tuple[str, str, str], Counter[str]] = {}
    for event in events.order_by("-at", "-pk"):
        day = spoken_time.say_day(event.at, call.timezone)
        key = (day, event.detail["data_class"], event.detail["rule"])
        by_day.setdefault(key, Counter()).update(event.detail["ended"])
    return [
        Ended(day, DataClass(name).label, rule, _in_words(counts))
        for (day, name, rule), counts in by_day.items()
    ]


def _ends(call: Call, ending: Ending) -> str:
    moment = ending.ends_at(call)
    return spoken_time.say_moment(moment, call.timezone) if moment else ""


def _due(call: Call, ending: Ending, at: datetime) -> int:
    moment = ending.ends_at(call)
    return 0 if moment is not None and at < moment else ending.due(call, at=at)


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {number:,}" for name, number in counts.items())
