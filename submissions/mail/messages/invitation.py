"""The mail that invites a colleague to a response. Nothing that a respondent typed is in it."""

from contextlib import suppress

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of
from submissions.outbox.models import OutboxEmail
from submissions.responses.deadlines import applicable_deadline
from submissions.responses.errors import CallNotOpen


def colleague_invited(mail: OutboxEmail, data: MailData) -> Message:
    """Return the invitation, with the link that lets its reader in.

    The address is a stranger's until they use the link: nobody can have words of theirs sent to
    it, not even a name. The link lets nobody in once the response cannot be submitted any more.
    """
    link, submission = data.link(mail), submission_of(mail)
    until = link.expires_at
    with suppress(CallNotOpen):  # in a preview; no invitation goes out then
        until = min(until, applicable_deadline(mail.call, submission, at=data.at).deadline)
    return Message(
        subject=_("You are invited to work on a response"),
        title=_("Work on a response together"),
        context={
            "submission": submission,
            "token": link.token,
            "link_until": spoken_time.say_moment(until, mail.call.timezone),
        },
        tokens=[link.token],
    )
