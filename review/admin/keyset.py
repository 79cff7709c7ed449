"""What comes before and after a row in an ordered list, by the values that it is ordered by.

The database looks for the next row from this one on, and never makes the whole list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy


@dataclass(frozen=True)
class Key:
    """One of the expressions that a list is ordered by, as the annotation `name`."""

    name: str
    by: Any
    descending: bool

    def after(self, value: Any) -> Q:
        """Return the condition of rows after the value. To PostgreSQL NULL is above all else."""
        if self.descending:
            return (
                Q(**{f"{self.name}__lt": value}) if value is not None else self._is_null(yes=False)
            )
        if value is None:
            return Q(pk__in=())
        return Q(**{f"{self.name}__gt": value}) | self._is_null(yes=True)

    def same(self, value: Any) -> Q:
        return self._is_null(yes=True) if value is None else Q(**{self.name: value})

    def _is_null(self, *, yes: bool) -> Q:
        return Q(**{f"{self.name}__isnull": yes})


@dataclass(frozen=True)
class Place:
    """`before` is how many of the `rows` come before one of them, or where it would be."""

    rows: int
    before: int
    is_there: bool


class OrderedList:
    """The rows of a queryset, seen from one row, which may have left them meanwhile.

    `of_the_row` finds that row whatever is in the list, and has the annotations of the order.
    """

    def __init__(self, rows: QuerySet, of_the_row: QuerySet) -> None:
        self._keys = _keys(rows)
        annotations = {key.name: key.by for key in self._keys}
        self._rows = rows.annotate(**annotations)
        self._row = of_the_row.annotate(**annotations).values("pk", *annotations).get()

    def next(self) -> int | None:
        """Return the primary key of the row after this one; None for the last."""
        found = self._rows.filter(self._after(self._keys))
        return found.values_list("pk", flat=True).first()

    def previous(self) -> int | None:
        found = self._rows.filter(self._after(_reversed(self._keys))).reverse()
        return found.values_list("pk", flat=True).first()

    def place(self) -> Place:
        """Return how many rows there are, and where among them this one is."""
        before, itself = self._after(_reversed(self._keys)), Q(pk=self._row["pk"])
        found = self._rows.aggregate(
            rows=Count("pk"),
            before=Count("pk", filter=before),
            itself=Count("pk", filter=itself),
        )
        return Place(found["rows"], found["before"], is_there=bool(found["itself"]))

    def _after(self, keys: "Sequence[Key]") -> Q:
        found, same = Q(pk__in=()), Q()
        for key in keys:
            value = self._row[key.name]
            found |= same & key.after(value)
            same &= key.same(value)
        return found


def _reversed(keys: Sequence[Key]) -> list[Key]:
    return [replace(key, descending=not key.descending) for key in keys]


def _keys(rows: QuerySet) -> list[Key]:
    """Return them up to the primary key: what is named after it never decides."""
    parts = [part for one in rows.query.order_by for part in _parts(rows.model, one)]
    unique = [place for place, (by, _) in enumerate(parts, 1) if by in (F("pk"), F("id"))]
    parts = parts[: min(unique, default=None)]
    return [
        Key(f"ordered_by_{place}", by, descending) for place, (by, descending) in enumerate(parts)
    ]


def _parts(model: type[Model], one: Any) -> list[tuple[Any, bool]]:
    """Return what one part of an ORDER BY stands for, each with whether it descends.

    The name of a foreign key stands for the order of the rows that it leads to.
    """
    if isinstance(one, OrderBy):
        return [(one.expression, one.descending)]
    if not isinstance(one, str):
        return [(one, False)]
    name, descending = one.removeprefix("-"), one.startswith("-")
    related = _led_to(model, name)
    if related is None:
        return [(F(name), descending)]
    return [
        (F(f"{name}__{part.removeprefix('-')}"), descending != part.startswith("-"))
        for part in related._meta.ordering
    ]


def _led_to(model: type[Model], name: str) -> Any:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field.related_model if field.is_relation and field.name == name else None
