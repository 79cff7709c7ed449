"""What people with an unfinished response are told, before and after a call closes."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from core import spoken_time
from submissions.calls.retention import DataClass, ends_at
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message
from submissions.mail.messages.return_link import link_context
from submissions.outbox.models import OutboxEmail


def reminder(mail: OutboxEmail, data: MailData) -> Message:
    """Remind of a draft that has not been submitted, with the way to refuse further ones."""
    link = data.return_link(mail)
    token = data.opt_out_token(mail)
    opt_out = opt_out_address(mail, token)
    return Message(
        subject=_("Your response is not submitted yet"),
        title=_("Your response is not submitted yet"),
        context={"opt_out": opt_out, **link_context(mail, link)},
        token=link.token,
        opt_out=token,
        headers={
            # RFC 8058: mail programs show a button that refuses further reminders.
            "List-Unsubscribe": f"<{opt_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def closed_with_draft(mail: OutboxEmail, data: MailData) -> Message:
    """Say once that the call closed before a draft was submitted, and how long it can be read."""
    call = mail.call
    link = data.return_link(mail)
    kept_until = spoken_time.say_day(ends_at(call, DataClass.DRAFTS), call.timezone)
    return Message(
        subject=_("Your response was not submitted"),
        title=_("The call has closed"),
        context={"kept_until": kept_until, **link_context(mail, link)},
        token=link.token,
    )


def opt_out_address(mail: OutboxEmail, token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse('reminders', args=[mail.call.slug, token])}"
