"""System checks of the portal's own."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from core import schema


def check_schema(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Refuse a database with another or a changed set of migrations."""
    if not databases:
        return []
    refusal = schema.problem()
    return [Error(refusal, id="core.E001")] if refusal else []
