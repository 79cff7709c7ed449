"""What a member has read, and when they were here before: the record of opened responses knows."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import AuditEvent, User
from accounts.states import AuditAction
from submissions.responses.models import Submission


def unread_by(person: User, responses: QuerySet[Submission]) -> QuerySet[Submission]:
    """Return those whose current version the person has not opened yet."""
    openings = AuditEvent.objects.filter(
        actor=person,
        action=AuditAction.RESPONSE_OPENED,
        submission=OuterRef("pk"),
        at__gte=OuterRef("current_version__received_at"),
    )
    return responses.filter(~Exists(openings), current_version__isnull=False)


def last_visit(person: User) -> datetime | None:
    """Return when the person did something last, before they signed in this time.

    None at the first visit: to the list everything came since, and the first page of the admin does
    not count it.
    """
    own = AuditEvent.objects.filter(actor=person)
    signed_in = own.filter(action=AuditAction.SIGNED_IN).order_by("-at", "-pk")
    began = signed_in.values_list("at", flat=True).first()
    if began is None:
        return None
    return own.filter(at__lt=began).order_by("-at").values_list("at", flat=True).first()
