"""Mails that the mail server took and that came back later, or were not wanted."""

import logging
from datetime import datetime

from django.db import transaction

from core.addresses import same_or_cleaned
from submissions.mail.reminding import refuse_reminders
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import AddressSource, OutboxState

logger = logging.getLogger(__name__)


def note_bounce(*, message_id: str, recipient: str, error: str) -> OutboxEmail | None:
    """Mark the mail as failed with `error`, a sentence for staff; None if it is not known.

    Some providers name a mail by a number of their own: then it is the newest mail sent to
    `recipient`, not what went out with it. A mail that failed already stays as it is.
    """
    mail = _find(message_id, recipient)
    if mail is None:
        return None
    failed = {"state": OutboxState.FAILED, "sent_at": None, "last_error": error}
    with transaction.atomic():
        # A provider may be quicker than the worker that still holds the mail. What goes out with
        # it waits meanwhile, and no worker comes back to it.
        went_out = OutboxEmail.objects.filter(
            pk=mail.pk, state__in=[OutboxState.SENT, OutboxState.CLAIMED]
        )
        if went_out.update(**failed):
            mail.companions.update(**failed)
            logger.warning("mail %s came back: %s", mail.pk, error)
    return mail


def note_complaint(
    *, message_id: str, recipient: str, error: str, at: datetime
) -> OutboxEmail | None:
    """Mark the mail as failed, and send no more reminders about its responses.

    One that came to an address which their author did not give stops none: it is another's word.
    """
    mail = note_bounce(message_id=message_id, recipient=recipient, error=error)
    if mail is not None:
        for one in (mail, *mail.companions.select_related("submission")):
            if one.submission is not None and one.address_given_by == AddressSource.AUTHOR:
                refuse_reminders(submission=one.submission, at=at)
    return mail


def _find(message_id: str, recipient: str) -> OutboxEmail | None:
    known = f"<{message_id.strip().strip('<>')}>"
    mails = OutboxEmail.objects.select_related("submission")
    mail = mails.filter(message_id=known).first()
    if mail is None and recipient:
        known_as = same_or_cleaned(recipient)
        sent = mails.filter(
            to_address__iexact=known_as, state=OutboxState.SENT, goes_with__isnull=True
        )
        mail = sent.order_by("-sent_at", "-pk").first()
    return mail
