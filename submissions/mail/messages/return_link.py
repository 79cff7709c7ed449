"""The link back to a response: its own mail, and the part of other mails that holds one."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, NamedLine, submission_of
from submissions.outbox.models import OutboxEmail


@dataclass(frozen=True)
class LinkedResponse:
    """A response with its link, and with what its author knows it by among several."""

    reference: str
    organisation: str
    started: str
    last_saved: str
    token: str
    link_until: str

    @property
    def names(self) -> list[NamedLine]:
        return [NamedLine(_("Organisation"), self.organisation)] if self.organisation else []


def return_link(mail: OutboxEmail, data: MailData) -> Message:
    """Return the mail that somebody asked for to come back to a response."""
    linked = linked_response(mail, data)
    return Message(
        subject=_("Your link back to your response"),
        title=_("Go back to your response"),
        context={
            "submission": submission_of(mail),
            "linked": linked,
            "has_closed": mail.call.has_closed_at(data.at),
        },
        tokens=[linked.token],
        names=linked.names,
    )


def linked_response(mail: OutboxEmail, data: MailData) -> LinkedResponse:
    """Return what emails/parts/linked and emails/parts/link_lasts show."""
    submission, zone = submission_of(mail), mail.call.timezone
    link = data.link(mail)
    return LinkedResponse(
        reference=submission.reference or "",
        organisation=data.organisation(mail),
        started=spoken_time.say_moment(submission.started_at, zone),
        last_saved=spoken_time.say_moment(submission.saved_at, zone),
        token=link.token,
        link_until=spoken_time.say_moment(link.expires_at, zone),
    )
