"""Ending the record of a call: its audit events, once all that they speak of has ended long ago.

The role that serves pages cannot delete an event. Where it owns the tables, the daily task ends the
record; otherwise `manage.py end_record` does, as their owner. An event names those that ended, so
that the chain of the record holds without them (`accounts.chain`).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import AuditEvent, AuditSeal
from accounts.record import record
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at

DELETE = "DELETE FROM accounts_auditevent WHERE id = ANY(%s)"


def held(call: Call) -> int:
    return AuditEvent.objects.filter(call=call).count()


def due(call: Call, *, at: datetime) -> int:
    """Return how many events end at `at`: those of before the end of the record."""
    return _events(call, at).count()


def end_some(call: Call, *, at: datetime, limit: int) -> Counter[str]:
    """Delete up to `limit` events, in the caller's transaction, and put on record which they were.

    For the owner of the tables.
    """
    keys = list(_events(call, at).values_list("pk", flat=True)[:limit])
    if keys:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL portal.purging = 'on'")
            cursor.execute(DELETE, [keys])
            cursor.execute("SET LOCAL portal.purging = 'off'")
        record(by=None, at=at, action=AuditAction.RECORD_ENDED, call=call, events=runs_of(keys))
    return +Counter(events=len(keys))


def runs_of(numbers: Iterable[int]) -> list[list[int]]:
    """Return growing numbers as their runs: 1, 2, 3, 7 as [[1, 3], [7, 7]]."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def _events(call: Call, at: datetime) -> QuerySet[AuditEvent]:
    end = ends_at(call, DataClass.RECORD)
    if at < end:
        return AuditEvent.objects.none()
    sealed = AuditSeal.objects.filter(event_id=OuterRef("pk"))
    # What names ended events stays: without it they would count as removed.
    events = AuditEvent.objects.exclude(action=AuditAction.RECORD_ENDED)
    return events.filter(Exists(sealed), call=call, at__lt=end).order_by("pk")
