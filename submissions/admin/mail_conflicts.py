"""Finds out whether a mail changed since a page showed it, before somebody sends a copy."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.mail.errors import ResendRefused
from submissions.mail.resending import DELETED
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses.models import Submission


def with_copies(mails: QuerySet[OutboxEmail]) -> QuerySet[OutboxEmail]:
    """Add to each mail how many copies of it there are, as `copies`."""
    counted = (
        OutboxEmail.objects.filter(resend_of=OuterRef("pk"))
        .order_by()
        .values("resend_of")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return mails.annotate(copies=Coalesce(Subquery(counted), 0))


def mail_etag(mail: OutboxEmail) -> str:
    """Return the state of the mail, and how many copies of it there are."""
    copies = getattr(mail, "copies", None)
    return f"{mail.state} {mail.resends.count() if copies is None else copies}"


def lock(mail: OutboxEmail) -> None:
    """Wait for others who send it again, and read it anew: after its response, as the purge.

    Raises ResendRefused for a mail that was deleted meanwhile.
    """
    if mail.submission_id is not None:
        Submission.objects.select_for_update(no_key=True).filter(pk=mail.submission_id).first()
    rows = OutboxEmail.objects.select_for_update(no_key=True).filter(pk=mail.pk)
    if not rows.values_list("pk"):
        raise ResendRefused(DELETED)
    mail.refresh_from_db(fields=["state"])
    mail.__dict__.pop("copies", None)


def say_conflict(mail: OutboxEmail) -> str:
    """Say what changed while the page was open, and by whom."""
    return (
        f"While this page was open, {_done_to(mail)}. What you typed is below. Send it if it "
        "still holds."
    )


def say_conflict_in_a_list(mail: OutboxEmail, base_etag: str) -> str:
    """Say of a mail that was chosen from a list what changed since it was listed."""
    state = base_etag.partition(" ")[0]
    shown = OutboxState(state).label if state in OutboxState.values else "nothing"
    kind = mail.get_kind_display()
    about = f"{kind}, {mail.submission}" if mail.submission else kind
    return (
        f"{about} is left as it is. This page had “{shown}”, and meanwhile {_done_to(mail)}. "
        "Choose it again if it still holds."
    )


def _done_to(mail: OutboxEmail) -> str:
    event = (
        AuditEvent.objects.filter(
            action__in=[AuditAction.MAIL_RESENT, AuditAction.ADDRESS_CORRECTED],
            detail__mail=mail.pk,
        )
        .select_related("actor")
        .first()
    )
    if event is None or event.actor is None:
        return f"the mail changed to “{mail.get_state_display()}”"
    return f"{event.actor.get_username()} sent a copy of this mail: see “Sent again”"
