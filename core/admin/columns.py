"""Columns and fields of an admin page that depend on who reads it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin


def column(name: str, description: str, say: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return what `list_display` and `readonly_fields` take; `say` gives the text of a row."""

    @admin.display(description=description)
    def shown(row: Any) -> str:
        return say(row)

    shown.__name__ = name
    return shown
