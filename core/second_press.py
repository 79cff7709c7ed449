"""A second press of a button that comes before the answer to the first: it makes nothing more."""

from datetime import datetime, timedelta

from django.db.models import Q

PRESSED_TWICE = timedelta(seconds=10)


def near(field: str, moment: datetime) -> Q:
    """Match rows whose `field` is so near to `moment` that a first press made them."""
    return Q((f"{field}__gt", moment - PRESSED_TWICE), (f"{field}__lte", moment + PRESSED_TWICE))
