"""Bar charts that the server draws as SVG: the position and size of each bar and its words.

`templates/charts/bars.html` draws one, with the table beside it. Widths are per cent of the chart's
width and heights are in em, so that a chart fits any screen and grows with the reader's type. No
style is written into the page.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.disclosure_control import FEW
from core.percentages import say_share
from core.spoken_numbers import say_number

LONGEST_BAR = 80  # per cent: beside it stands its number
LETTERS = 36  # a line of a label, so that it fits a screen of 320 pixels
LINE, PAUSE, BAR, GAP = 1.35, 0.2, 0.85, 0.8  # em


@dataclass(frozen=True)
class Bar:
    """`value` in words; `lines` are (em from the top, words) of the label."""

    label: str
    value: str
    share: str
    length: float
    top: float
    lines: Sequence[tuple[float, str]]
    note: str = ""
    is_number: bool = True
    is_answer: bool = True

    @property
    def value_at(self) -> float:
        """Em from the top to the foot of the number."""
        return round(self.top + BAR - 0.1, 2)


@dataclass(frozen=True)
class BarChart:
    """Bars below one another, and the table beside them."""

    key: str
    title: str
    category: str
    number: str
    bars: Sequence[Bar]
    height: float
    summary: str
    bar_height: float = BAR


def in_words(number: int | None, *, is_few: bool) -> str:
    if number is not None:
        return say_number(number)
    return _("fewer than %(few)d") % {"few": FEW} if is_few else _("not shown")


def draw_bars(
    key: str,
    title: str,
    category: str,
    number: str,
    rows: Sequence[tuple[str, int | None, str, str]],
    peak: int,
    total: int | None,
    summary: str,
) -> BarChart:
    """Place the bars of `rows`: label, count, the count in words, and a note.

    The longest is of `peak`; a share is of `total`, where there is one.
    """
    bars = []
    top = 0.0
    for label, count, value, note in rows:
        lines = textwrap.wrap(label, LETTERS) or [label]
        placed = [(round(top + LINE * (n + 1) - 0.35, 2), line) for n, line in enumerate(lines)]
        top += LINE * len(lines) + PAUSE
        length = round(LONGEST_BAR * (count or 0) / peak, 2)
        share = say_share(count, total) if total and count is not None else ""
        bars.append(
            Bar(label, value, share, length, round(top, 2), placed, note, count is not None)
        )
        top += BAR + GAP
    return BarChart(key, title, category, number, bars, round(top, 2), summary)
