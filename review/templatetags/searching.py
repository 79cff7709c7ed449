"""What the list of responses says of a search."""

from collections.abc import Iterable
from typing import Any

from django import template

register = template.Library()


@register.filter
def with_rows(drawn: Iterable[Any], rows: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    """Return what the admin drew of each row together with the row."""
    return zip(drawn, rows, strict=True)
