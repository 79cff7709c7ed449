"""The mail that carries a late pass."""

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message
from submissions.outbox.models import OutboxEmail
from submissions.responses.ending.late import kept_until


def late_pass(mail: OutboxEmail, data: MailData) -> Message:
    """Tell the holder of a pass until when, and how, one response can still be submitted.

    A pass for a response is used where that is open: then the mail has no link of its own.
    """
    given, token = data.late_pass(mail)
    until = spoken_time.say_moment(given.expires_at, mail.call.timezone)
    kept = kept_until(mail.call, given, at=data.at) if token else None
    return Message(
        subject=_("You can still submit your response"),
        title=_("You can still submit your response"),
        context={
            "until": until,
            "token": token,
            "submission": mail.submission,
            "kept_until": spoken_time.say_moment(kept, mail.call.timezone) if kept else "",
        },
        tokens=[token],
    )
