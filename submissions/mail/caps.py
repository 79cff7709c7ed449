"""How many mails may go to one address, and in all: a mail beyond that waits, and is never lost.

Counted in the broker, so without it nothing is limited. The digest for staff is not counted.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from core import throttling
from core.addresses import comparable
from core.throttling import DAY, HOUR, Tries, waits_in_turn
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind

TO_ADDRESS = "It waits: this address has had as many mails as one may have for now."
IN_ALL = "It waits: the portal has sent as many mails as it may for now."
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
    to_address, in_all = waits_in_turn(*_counted(mail))
    if to_address:
        return Wait(to_address, TO_ADDRESS)
    return Wait(in_all, IN_ALL) if in_all else None


def uncount(mail: OutboxEmail) -> None:
    """Count a mail no more that the mail server has not taken: the next attempt is counted."""
    if mail.kind != MailKind.STAFF_DIGEST:
        throttling.uncount(*_counted(mail))


def _counted(mail: OutboxEmail) -> tuple[Tries, Tries]:
    """Return what a mail counts for: its address, and all mails."""
    return (
        Tries(
            "mail-to",
            comparable(mail.to_address),
            {HOUR: settings.MAIL_TO_ADDRESS_PER_HOUR, DAY: settings.MAIL_TO_ADDRESS_PER_DAY},
        ),
        Tries(
            "mail",
            "all",
            {HOUR: settings.MAIL_IN_ALL_PER_HOUR, DAY: settings.MAIL_IN_ALL_PER_DAY},
        ),
    )
