"""How many mails may go to one address, and in all: a mail beyond that waits, and is never lost.

Counted in the broker, so without it nothing is limited. The digest for staff is not counted.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from core.addresses import comparable
from core.throttling import DAY, HOUR, wait_before
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind

FROM_ONE_PLACE = "It waits: very many mails were caused from one place."


@dataclass(frozen=True)
class Wait:
    """How long the mail waits, and why, as a sentence for staff."""

    lasts: timedelta
    reason: str


def wait_of(mail: OutboxEmail) -> Wait | None:
    """Count the mail; return how long it has to wait, None if it may go out now."""
    if mail.kind == MailKind.STAFF_DIGEST:
        return None
    address = comparable(mail.to_address)
    for what, who, most, within, reason in (
        ("mail-to", address, settings.MAIL_TO_ADDRESS_PER_HOUR, HOUR, TO_ADDRESS),
        ("mail-to", address, settings.MAIL_TO_ADDRESS_PER_DAY, DAY, TO_ADDRESS),
        ("mail", "all", settings.MAIL_IN_ALL_PER_HOUR, HOUR, IN_ALL),
        ("mail", "all", settings.MAIL_IN_ALL_PER_DAY, DAY, IN_ALL),
    ):
        lasts = wait_before(what, who, most=most, within=within)
        if lasts:
            return Wait(lasts, reason)
    return None


TO_ADDRESS = "It waits: this address has had as many mails as one may have for now."
IN_ALL = "It waits: the portal has sent as many mails as it may for now."
