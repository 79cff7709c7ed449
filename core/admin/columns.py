"""Columns and fields of an admin page: those that depend on who reads it, and moments."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin

from core.admin.uk_time import in_uk_time


def column(name: str, description: str, say: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return what `list_display` and `readonly_fields` take; `say` gives the text of a row."""

    @admin.display(description=description)
    def shown(row: Any) -> str:
        return say(row)

    shown.__name__ = name
    return shown


def uk_time(field: str, description: str) -> Callable[[Any], str]:
    """Return the column of a moment of the row, by which its list is sorted."""

    @admin.display(description=f"{description} (UK time)", ordering=field)
    def shown(row: Any) -> str:
        return in_uk_time(getattr(row, field))

    shown.__name__ = field
    return shown
