"""The state of the outbox, for staff and for monitoring."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet

from submissions.mail.closing_report import SENT_AGAIN
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState

# As `queue.defer_all` leaves them: a mail that was refused for itself has a pause of its own.
FOR_THE_SERVER = Q(
    state=OutboxState.WAITING, next_attempt_at__isnull=True, deferred_since__isnull=False
)
ON_ITS_WAY = Q(state__in=[OutboxState.WAITING, OutboxState.CLAIMED])


@dataclass(frozen=True)
class MailHealth:
    """`sent` in the 24 hours before; `failed` and not sent again since; `late` waiting mails.

    A mail is late when it has waited for longer than MAIL_STALE_MINUTES. `deferred_because` says
    why the mail server took no mail at all when those that wait for it were last tried, or "".
    """

    waiting: int
    sent: int
    failed: int
    late: int
    oldest_waiting: datetime | None
    deferred_because: str


def mail_health(mails: QuerySet[OutboxEmail] | None = None, *, at: datetime) -> MailHealth:
    """Return the state of `mails` at `at`, in one query; without any, of the whole outbox."""
    stale = at - timedelta(minutes=settings.MAIL_STALE_MINUTES)
    return MailHealth(
        **(OutboxEmail.objects.all() if mails is None else mails).aggregate(
            waiting=Count("pk", filter=ON_ITS_WAY),
            sent=Count("pk", filter=Q(sent_at__gt=at - timedelta(days=1))),
            failed=Count("pk", filter=Q(state=OutboxState.FAILED) & ~Q(SENT_AGAIN)),
            late=Count("pk", filter=ON_ITS_WAY & Q(created_at__lt=stale)),
            oldest_waiting=Min("created_at", filter=ON_ITS_WAY),
            deferred_because=Max("last_error", filter=FOR_THE_SERVER, default=""),
        )
    )


def late_in_words(health: MailHealth) -> str:
    """Return for instance "2 mails have waited for more than 15 minutes", "" for none."""
    if not health.late:
        return ""
    mails = "1 mail has" if health.late == 1 else f"{health.late} mails have"
    return f"{mails} waited for more than {_minutes()}"


def _minutes() -> str:
    number = settings.MAIL_STALE_MINUTES
    return "1 minute" if number == 1 else f"{number} minutes"
