"""What people with an unfinished response are told, before and after a call closes."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message
from submissions.mail.messages.return_link import LinkedResponse, linked_response
from submissions.outbox.models import OutboxEmail


def reminder(mail: OutboxEmail, data: MailData) -> Message:
    """Remind of what has not been submitted, with the way to refuse further reminders."""
    listed = _listed(mail, data)
    token = data.opt_out_token(mail)
    opt_out = opt_out_address(mail, token)
    title = _("Your response is not submitted yet")
    if _has_changes(mail):
        title = _("Your changes are not submitted yet")
    elif len(listed) > 1:
        title = _("%(number)s responses are not submitted yet") % {"number": len(listed)}
    return Message(
        subject=title,
        title=title,
        context={"opt_out": opt_out, "submission": mail.submission, "listed": listed},
        tokens=[one.token for one in listed],
        names=[name for one in listed for name in one.names],
        opt_out=token,
        headers={
            # RFC 8058: mail programs show a button that refuses further reminders.
            "List-Unsubscribe": f"<{opt_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def closed_with_draft(mail: OutboxEmail, data: MailData) -> Message:
    """Say once that the call closed before it was submitted, and how long it can be read."""
    listed = _listed(mail, data)
    kept_until = spoken_time.say_moment(data.drafts_end_at(mail), mail.call.timezone)
    subject = _("Your response was not submitted")
    if _has_changes(mail):
        subject = _("Your changes were not submitted")
    elif len(listed) > 1:
        subject = _("%(number)s responses were not submitted") % {"number": len(listed)}
    return Message(
        subject=subject,
        title=_("The call has closed"),
        context={
            "kept_until": kept_until,
            "submission": mail.submission,
            "listed": listed,
        },
        tokens=[one.token for one in listed],
        names=[name for one in listed for name in one.names],
    )


def _listed(mail: OutboxEmail, data: MailData) -> list[LinkedResponse]:
    """Return the responses that the mail is about: of one mailbox, each with its own link."""
    return [linked_response(one, data) for one in (mail, *data.companions(mail))]


def _has_changes(mail: OutboxEmail) -> bool:
    """Return whether it is about changes of a submitted response, not about a draft."""
    return mail.submission is not None and mail.submission.amending_since is not None


def opt_out_address(mail: OutboxEmail, token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse('reminders', args=[mail.call.slug, token])}"
