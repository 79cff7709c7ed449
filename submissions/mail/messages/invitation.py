"""The mail that invites a colleague to a response. Nothing that a respondent typed is in it."""

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of
from submissions.outbox.models import OutboxEmail


def colleague_invited(mail: OutboxEmail, data: MailData) -> Message:
    """Return the invitation, with the link that lets its reader in.

    The address is a stranger's until they use the link: nobody can have words of theirs sent to
    it, not even a name. The link lets nobody in once the call has closed, unless the response got
    more time.
    """
    link, closes_at = data.link(mail), mail.call.closes_at
    until = min(link.expires_at, closes_at) if closes_at > data.at else link.expires_at
    return Message(
        subject=_("You are invited to work on a response"),
        title=_("Work on a response together"),
        context={
            "submission": submission_of(mail),
            "token": link.token,
            "link_until": spoken_time.say_moment(until, mail.call.timezone),
        },
        tokens=[link.token],
    )
