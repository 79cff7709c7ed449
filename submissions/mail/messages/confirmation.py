"""What a respondent is told when a response has arrived, was changed or was withdrawn."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of, version_of
from submissions.outbox.models import OutboxEmail
from submissions.responses.states import Channel
from submissions.responses.verifying import checking_code

CAME_BY: dict[str, str] = {
    Channel.EMAIL: gettext_noop("Email"),
    Channel.POST: gettext_noop("Post"),
    Channel.PHONE: gettext_noop("Telephone"),
    Channel.IN_PERSON: gettext_noop("In person"),
}


def confirmation(mail: OutboxEmail, data: MailData) -> Message:
    """Return the receipt of the mail's version, with a copy of the evidence if the address is
    confirmed.

    Nothing in it says who answered or opens the response: people keep it and pass it on. An address
    that nobody has confirmed gets nothing that the sender typed, as it may be a stranger's; instead
    it gets a link that confirms it.
    """
    subject = _("Response %(reference)s received")
    return _receipt(mail, data, subject=subject, title=_("We have received your response"))


def amended(mail: OutboxEmail, data: MailData) -> Message:
    """Return the receipt of a later version, which counts instead of the ones before it."""
    subject = _("Changes to response %(reference)s received")
    return _receipt(mail, data, subject=subject, title=_("We have received your changes"))


def withdrawn(mail: OutboxEmail, _data: MailData) -> Message:
    """Say that the mail's response was withdrawn."""
    submission = submission_of(mail)
    if submission.withdrawn_at is None:
        raise ValueError("a response that was not withdrawn")
    withdrawn_at = spoken_time.say_exactly(submission.withdrawn_at, mail.call.timezone)
    return Message(
        subject=_("Response %(reference)s withdrawn") % {"reference": submission.reference},
        title=_("Your response was withdrawn"),
        context={"reference": submission.reference, "withdrawn_at": withdrawn_at},
    )


def receipt_again(mail: OutboxEmail, _data: MailData) -> Message:
    """Return what a receipt says without answers and without a link: staff chose the address."""
    return _facts(
        mail,
        subject=_("Response %(reference)s: its receipt"),
        title=_("The receipt for a response"),
    )


def acknowledgement(mail: OutboxEmail, _data: MailData) -> Message:
    """Say that a response which staff entered was received: staff typed the address, too."""
    return _facts(
        mail,
        subject=_("Response %(reference)s received"),
        title=_("We have received your response"),
    )


def version_notice(mail: OutboxEmail, _data: MailData) -> Message:
    """Tell an earlier address of its author that the response was submitted, maybe not by them."""
    return _facts(
        mail,
        subject=_("Response %(reference)s was submitted"),
        title=_("A response was submitted"),
    )


def file_infected(mail: OutboxEmail, _data: MailData) -> Message:
    """Tell the author of a harmful file. Its name is theirs: it stands where the response is."""
    return _facts(
        mail,
        subject=_("Response %(reference)s: a file cannot be opened"),
        title=_("A file in your response cannot be opened"),
    )


def _facts(mail: OutboxEmail, *, subject: str, title: str) -> Message:
    version, reference = version_of(mail), submission_of(mail).reference
    came_by = CAME_BY.get(submission_of(mail).channel)
    return Message(
        subject=subject % {"reference": reference},
        title=title,
        context={
            "reference": reference,
            "version": version,
            "checking_code": checking_code(version),
            "channel": _(came_by) if came_by else "",
            "received_at": spoken_time.say_exactly(version.received_at, mail.call.timezone),
        },
    )


def _receipt(mail: OutboxEmail, data: MailData, *, subject: str, title: str) -> Message:
    version, zone = version_of(mail), mail.call.timezone
    reference = submission_of(mail).reference
    is_confirmed = data.is_confirmed(mail)
    link = None if is_confirmed else data.link(mail)
    answers = version.canonical_text.strip("\n") if is_confirmed else ""
    return Message(
        subject=subject % {"reference": reference},
        title=title,
        context={
            "reference": reference,
            "version": version,
            "checking_code": checking_code(version),
            "received_at": spoken_time.say_exactly(version.received_at, zone),
            "deadline": spoken_time.say_moment(version.deadline, zone),
            "answers": answers,
            "token": link.token if link else "",
            "link_until": spoken_time.say_moment(link.expires_at, zone) if link else "",
        },
        tokens=[link.token] if link else [],
        answers=answers,
    )
