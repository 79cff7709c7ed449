"""What the end of a call's record leaves unchecked: what only its audit events could prove."""

from accounts.models import AuditEvent
from accounts.states import AuditAction


def calls_without_record() -> set[int]:
    """Return the calls whose audit events have ended. Only the owner of the tables can do that."""
    ended = AuditEvent.objects.filter(action=AuditAction.RECORD_ENDED, call__isnull=False)
    return set(ended.values_list("call", flat=True))
