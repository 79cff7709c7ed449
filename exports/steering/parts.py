"""The parts of a page of counts: which are unfolded, and whether they show charts or tables.

Both stand in the address, so that it works without a script and a link to it shows the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from core.bar_charts import BarChart

CHARTS, TABLES = "charts", "tables"
ALL = "all"
BY_DAY = "by-day"


@dataclass(frozen=True)
class Looking:
    """How somebody looks at the page; `opened` is the key of a part, or ALL of them."""

    view: str
    opened: str

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        view = TABLES if given.get("view") == TABLES else CHARTS
        return cls(view, given.get("open", "")[:200])

    @property
    def shows_tables(self) -> bool:
        return self.view == TABLES

    @property
    def opens_all(self) -> bool:
        return self.opened == ALL

    def opens(self, key: str) -> bool:
        return self.opened in {key, ALL}


@dataclass(frozen=True)
class Part:
    """What folds: `name` is for the list of parts, `heading` what opens it."""

    key: str
    name: str
    heading: str
    remarks: Sequence[str]
    charts: Sequence[BarChart]
    is_open: bool
