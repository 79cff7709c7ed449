"""The context of every template."""

from typing import Any

from django.http import HttpRequest

from core import clock, spoken_time


def portal(_request: HttpRequest) -> dict[str, Any]:
    """Add `rehearsal`: the portal's time in words while a rehearsal clock runs, else ""."""
    return {"rehearsal": spoken_time.say_moment(clock.portal_now()) if clock.is_rehearsal() else ""}
