"""The portal's clock: real time, or a rehearsal's time that ticks on from a chosen moment.

Only views, tasks and management commands call `now()`; everything below is handed the moment.
"""

from datetime import UTC, datetime

from django.conf import settings


def now() -> datetime:
    """Return the aware moment (UTC) by the portal's clock."""
    return datetime.now(UTC) + settings.REHEARSAL_OFFSET


def is_rehearsal() -> bool:
    """Return whether the portal's clock is a rehearsal's and not the real one."""
    return bool(settings.REHEARSAL)
