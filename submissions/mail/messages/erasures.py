"""What an author is told about a request to erase: that it came, ended, or was carried out."""

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of
from submissions.outbox.models import OutboxEmail
from submissions.responses.erasing import confirmed_before
from submissions.responses.states import ErasureState


def erasure_asked(mail: OutboxEmail, data: MailData) -> Message:
    """Tell of the request; where the author has to confirm it, their own address gets the link."""
    return _about(
        mail,
        data,
        subject=_("A request to erase"),
        title=_("Someone asked us to erase something"),
    )


def erasure_stopped(mail: OutboxEmail, data: MailData) -> Message:
    """Say that nothing is erased, and why."""
    return _about(
        mail, data, subject=_("We do not erase your response"), title=_("Nothing is erased")
    )


def erasure_done(mail: OutboxEmail, data: MailData) -> Message:
    """Say what is gone, and what is left. After it, the portal knows the address no more."""
    return _about(mail, data, subject=_("We erased what you asked us to"), title=_("It is erased"))


def _about(mail: OutboxEmail, data: MailData, *, subject: str, title: str) -> Message:
    request, token = data.erasure(mail)
    zone = mail.call.timezone
    return Message(
        subject=subject,
        title=title,
        context={
            "submission": submission_of(mail),
            "is_whole": request.is_whole,
            "is_refused": request.state == ErasureState.REFUSED,
            "refusal": request.refusal,
            "entered": request.entered_by_id is not None,
            "asked": spoken_time.say_exactly(request.asked_at, zone),
            "due": spoken_time.say_day(request.due_at, zone),
            "erased": request.erased_at and spoken_time.say_exactly(request.erased_at, zone),
            "token": token,
            "confirm_before": spoken_time.say_moment(confirmed_before(request), zone),
        },
        tokens=[token],
    )
