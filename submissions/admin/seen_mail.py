"""What the page of a mail showed, so that two people do not each send a copy of it unawares."""

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Submission


def seen_of(mail: OutboxEmail) -> str:
    """Return the state of the mail, and how many copies of it there are."""
    return f"{mail.state} {mail.resends.count()}"


def lock(mail: OutboxEmail) -> None:
    """Wait for others who send it again, and read it anew: after its response, as the purge."""
    if mail.submission_id is not None:
        Submission.objects.select_for_update(no_key=True).get(pk=mail.submission_id)
    OutboxEmail.objects.select_for_update(no_key=True).get(pk=mail.pk)
    mail.refresh_from_db(fields=["state"])


def what_happened(mail: OutboxEmail) -> str:
    """Say what changed while the page was open, and by whom."""
    event = (
        AuditEvent.objects.filter(
            action__in=[AuditAction.MAIL_RESENT, AuditAction.ADDRESS_CORRECTED],
            detail__mail=mail.pk,
        )
        .select_related("actor")
        .first()
    )
    if event is None or event.actor is None:
        done = f"the mail changed to “{mail.get_state_display()}”"
    else:
        done = f"{event.actor.get_username()} sent a copy of this mail: see “Sent again”"
    return f"While this page was open, {done}. What you typed is below. Send it if it still holds."
