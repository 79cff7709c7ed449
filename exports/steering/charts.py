"""The positions and sizes in the steering group's charts; templates/steering/ draws them as SVG.

Widths are per cent of the chart's width and heights are in em, so that a chart fits any screen and
grows with the reader's type. No style is written into the page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as say_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import spoken_time
from core.bar_charts import BarChart, draw_bars, in_words
from core.disclosure_control import Shown
from core.spoken_numbers import say_number
from core.time_limits import in_calendar
from exports.counts.closed import NOT_ANSWERED, NOT_ASKED
from exports.counts.types import Completion, DayCount, OptionCount, QuestionCounts
from submissions.calls.models import Call


@dataclass(frozen=True)
class Column:
    """One day: per cent from the left and from the top, and its size in per cent."""

    left: float
    top: float
    width: float
    height: float
    is_few: bool = False


@dataclass(frozen=True)
class DayChart:
    """Columns beside one another; `closing_at` is per cent from the left."""

    columns: Sequence[Column]
    lines: Sequence[tuple[float, str]]
    first: str
    last: str
    closing_at: float
    closing_words: str
    summary: str


def bar_chart(
    key: str,
    title: str,
    category: str,
    counts: Sequence[OptionCount],
    *,
    total: int | None,
    notes: dict[str, str] | None = None,
) -> BarChart | None:
    """Return the chart of the counts, None if there are none to draw.

    A share is of `total`, how many were asked; who was not asked has none.
    """
    if not counts:
        return None
    left = {NOT_ANSWERED: _("Not answered"), NOT_ASKED: _("Not asked")}
    rows = [
        (
            count.label or left[count.key],
            count.responses,
            in_words(count.responses, is_few=count.is_few),
            (notes or {}).get(count.key, ""),
        )
        for count in counts
    ]
    peak = max([1, *(count.responses or 0 for count in counts)])
    most = max(rows, key=lambda row: row[1] or 0)
    summary = _("Bar chart. The most: %(label)s, %(value)s. The table has every number.") % {
        "label": most[0],
        "value": most[2],
    }
    drawn = draw_bars(key, title, category, _("Responses"), rows, peak, total, summary)
    bars = [
        replace(
            bar,
            is_answer=bool(count.label),
            share="" if count.key == NOT_ASKED else bar.share,
        )
        for bar, count in zip(drawn.bars, counts, strict=True)
    ]
    return replace(drawn, bars=bars)


def remarks_on(table: QuestionCounts) -> list[str]:
    """Say how many were asked a closed question and how many answered: the base of its shares."""
    said = [
        _("Asked: %(asked)s. Answered: %(answered)s.")
        % {"asked": _number(table.asked), "answered": _number(table.answered)}
    ]
    if table.of.may_have_several:
        said.append(_("A response may have several, so these add up to more than the total."))
    return said


def _number(count: Shown) -> str:
    return in_words(count.number, is_few=count.is_few)


def completion_chart(
    key: str, title: str, rows: Sequence[Completion], *, total: int | None
) -> BarChart | None:
    """Return how many answered each question, of `total`."""
    if not rows or not total:
        return None
    drawn = [
        (
            row.label,
            row.answered,
            _("all but a few")
            if row.leaves_few and not row.is_few
            else in_words(row.answered, is_few=row.is_few),
            _("asked only of some") if row.is_conditional else "",
        )
        for row in rows
    ]
    summary = ngettext(
        "Bar chart of how many of %(total)s response answer each question.",
        "Bar chart of how many of %(total)s responses answer each question.",
        total,
    ) % {"total": say_number(total)}
    return draw_bars(key, title, _("Question"), _("Answered"), drawn, total, total, summary)


def day_chart(call: Call, days: Sequence[DayCount]) -> DayChart | None:
    """Return the columns from the first day to the day on which the call closes, or later."""
    if not days:
        return None
    zone = ZoneInfo(call.timezone)
    closes = in_calendar(call.closes_at).astimezone(zone)
    first, last = days[0].day, max(days[-1].day, closes.date())
    number = (last - first).days + 1
    peak = _round_peak(max([1, *(day.responses or 0 for day in days)]))
    width = 100 / number
    columns = [
        Column(
            left=round((day.day - first).days * width + width * 0.1, 3),
            top=round(100 - height, 2),
            width=round(width * 0.8, 3),
            height=round(height, 2),
            is_few=day.responses is None,
        )
        for day in days
        if (height := 3.0 if day.responses is None else 100 * day.responses / peak)
    ]
    midnight = datetime(closes.year, closes.month, closes.day, tzinfo=zone)
    part = (closes - midnight) / timedelta(days=1)
    busiest = max(days, key=lambda day: day.responses or 0)
    return DayChart(
        columns=columns,
        lines=[(0, say_number(peak)), (50, say_number(peak // 2))] if peak > 1 else [(0, "1")],
        first=say_date(first, "j F"),
        last=say_date(last, "j F Y"),
        closing_at=round(((closes.date() - first).days + part) * width, 3),
        closing_words=_("closes %(time)s, %(day)s")
        % {
            "time": spoken_time.say_time(call.closes_at, call.timezone),
            "day": say_date(closes, "D j F"),
        },
        summary=_("Column chart of responses by day. Busiest: %(day)s, %(value)s. %(closing)s.")
        % {
            "day": say_date(busiest.day, "j F Y"),
            "value": in_words(busiest.responses, is_few=busiest.is_few),
            "closing": _("The call closes at %(when)s") % {"when": call.closes_in_words},
        },
    )


def _round_peak(number: int) -> int:
    """Return a number that is not less, whose half is short to write too."""
    if number <= 10:
        return number + number % 2
    size = 10 ** (math.floor(math.log10(number)) - 1)
    return next(
        step * size
        for step in (10, 12, 14, 16, 20, 24, 30, 40, 50, 60, 80, 100)
        if step * size >= number
    )
