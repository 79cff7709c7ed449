"""“History” of codes and findings."""

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.history import HistoryFromRecord
from accounts.current_user import current_user
from accounts.models import AuditEvent
from review.coding.samples import events_seen_by


class HistoryUnlessBlind(HistoryFromRecord):
    """Leaves out what others did with responses that the reader codes blind."""

    def seen_on_record(
        self, events: QuerySet[AuditEvent], request: HttpRequest
    ) -> QuerySet[AuditEvent]:
        return events_seen_by(super().seen_on_record(events, request), current_user(request))
