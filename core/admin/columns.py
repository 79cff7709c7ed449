"""Columns and fields of an admin page that depend on who reads it."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import admin
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def column(name: str, description: str, say: Callable[[Row], str]) -> Callable[[Row], str]:
    """Return what `list_display` and `readonly_fields` take; `say` gives the text of a row."""

    @admin.display(description=description)
    def shown(row: Row) -> str:
        return say(row)

    shown.__name__ = name
    return shown
