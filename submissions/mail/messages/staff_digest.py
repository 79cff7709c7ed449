"""The daily mail to staff: how a call stands, in numbers that name nobody. In English only."""

from django.conf import settings

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message
from submissions.outbox.models import OutboxEmail


def staff_digest(mail: OutboxEmail, data: MailData) -> Message:
    """Tell staff what came in within a day, what waits to be read, and what went wrong."""
    digest = data.digest(mail)
    number, at = digest.received_today, digest.standing.at
    new = "1 new response" if number == 1 else f"{number} new responses"
    today = spoken_time.say_day(at, mail.call.timezone)
    return Message(
        subject=f"{new} on {today}",
        title=f"Responses on {today}",
        context={
            "digest": digest,
            "has_closed": mail.call.has_closed_at(at),
            "is_listed": mail.to_address in settings.STAFF_DIGEST_TO,
        },
    )
