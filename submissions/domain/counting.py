"""How many responses a call has, by day, role and income band. Nothing here reads a text."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F
from django.db.models.functions import TruncDate

from submissions.models import Call, Question, Submission
from submissions.vocabulary import QuestionKind


@dataclass(frozen=True)
class DayCount:
    day: date
    responses: int
    is_closing_day: bool


@dataclass(frozen=True)
class OptionCount:
    """How many responses chose the option; `label` is empty where it was not answered."""

    key: str
    label: str
    responses: int


@dataclass(frozen=True)
class Counts:
    """Of submitted responses, each in its latest version, without drafts and withdrawn ones."""

    total: int
    by_day: list[DayCount]
    by_role: list[OptionCount]
    by_income_band: list[OptionCount]


def count_responses(call: Call, *, at: datetime) -> Counts:
    """Count in two queries; days are those of the call's time zone, without gaps, up to `at`."""
    submitted = Submission.objects.submitted().filter(call=call).order_by()
    by_day = dict(
        submitted.annotate(day=TruncDate("submitted_at", tzinfo=ZoneInfo(call.timezone)))
        .values_list("day")
        .annotate(responses=Count("pk"))
    )
    roles = _question(call, kind=QuestionKind.ROLES)
    band = _question(call, key="income_band", kind=QuestionKind.RADIO)
    by_role: Counter[str] = Counter()
    by_band: Counter[str] = Counter()
    # Few combinations exist, so one scan gives both counts.
    for chosen, income, responses in (
        submitted.annotate(
            chosen=F(f"current_version__choices__{roles.key if roles else 'roles'}"),
            income=F("current_version__choices__income_band"),
        )
        .values_list("chosen", "income")
        .annotate(responses=Count("pk"))
    ):
        for key in chosen or [""]:
            by_role[key] += responses
        by_band[income or ""] += responses
    return Counts(
        total=sum(by_day.values()),
        by_day=_days(call, by_day, at),
        by_role=_by_option(roles, by_role),
        by_income_band=_by_option(band, by_band),
    )


def _question(call: Call, **wanted: str) -> Question | None:
    for question in call.questions_in_order:
        if all(getattr(question, name) == value for name, value in wanted.items()):
            return question
    return None


def _days(call: Call, by_day: dict[date, int], at: datetime) -> list[DayCount]:
    zone = ZoneInfo(call.timezone)
    closing_day = call.closes_at.astimezone(zone).date()
    first = min([*by_day, call.opens_at.astimezone(zone).date()])
    last = max([*by_day, min(closing_day, at.astimezone(zone).date())])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [DayCount(day, by_day.get(day, 0), day == closing_day) for day in days]


def _by_option(question: Question | None, counted: Counter[str]) -> list[OptionCount]:
    """Every option in order, chosen or not; then those no longer offered, and no answer."""
    if question is None:
        return []
    labels = question.option_labels
    counts = [OptionCount(key, label, counted[key]) for key, label in labels.items()]
    gone = sorted(set(counted) - set(labels) - {""})
    counts += [OptionCount(key, key, counted[key]) for key in gone]
    return counts + ([OptionCount("", "", counted[""])] if counted[""] else [])
