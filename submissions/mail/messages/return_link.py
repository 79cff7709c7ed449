"""The link back to a response: its own mail, and the part of other mails that holds one."""

from typing import Any

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of
from submissions.outbox.models import OutboxEmail
from submissions.responses.returning import FreshLink


def return_link(mail: OutboxEmail, data: MailData) -> Message:
    """Return the mail that somebody asked for to come back to a response."""
    link = data.return_link(mail)
    submission = submission_of(mail)
    return Message(
        subject=_("Your link back to your response"),
        title=_("Go back to your response"),
        context={
            "submission": submission,
            "last_saved": spoken_time.say_moment(submission.saved_at, mail.call.timezone),
            **link_context(mail, link),
        },
        token=link.token,
    )


def link_context(mail: OutboxEmail, link: FreshLink) -> dict[str, Any]:
    """Return what emails/parts/return_link and emails/parts/link_lasts show."""
    return {
        "token": link.token,
        "link_until": spoken_time.say_moment(link.expires_at, mail.call.timezone),
    }
