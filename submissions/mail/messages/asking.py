"""What the author of a response is asked by the team, and told of their answer."""

from typing import Any

from django.utils.translation import gettext as _

from core import spoken_time
from submissions.mail.live_data import MailData
from submissions.mail.messages.message import Message, submission_of
from submissions.outbox.models import OutboxEmail
from submissions.responses.asking import last_day_of


def question_asked(mail: OutboxEmail, data: MailData) -> Message:
    """Put the question, with the link to the page that takes the answer."""
    asked, token, _reply = data.follow_up(mail)
    subject = _("A question about your response %(reference)s")
    return Message(
        subject=subject % {"reference": submission_of(mail).reference},
        title=_("A question about your response"),
        context={**_context(mail, data), "question": asked.text, "token": token},
        tokens=[token],
    )


def question_answered(mail: OutboxEmail, data: MailData) -> Message:
    """Confirm the answer, with its words: the address is the one that the link had gone to."""
    _asked, token, reply = data.follow_up(mail)
    if reply is None:
        raise ValueError("a confirmation of no answer")
    # As one block: a short answer alone may be part of any sentence of the mail.
    heading = _("Your answer:")
    copy = f"{heading}\n\n{reply.text}"
    subject = _("Your answer about response %(reference)s")
    return Message(
        subject=subject % {"reference": submission_of(mail).reference},
        title=_("We have your answer"),
        context={
            **_context(mail, data),
            "answer": reply.text,
            "copy": copy,
            "received": spoken_time.say_exactly(reply.received_at, mail.call.timezone),
            "token": token,
        },
        tokens=[token],
        answers=copy,
    )


def _context(mail: OutboxEmail, data: MailData) -> dict[str, Any]:
    asked = data.follow_up(mail)[0]
    return {
        "reference": submission_of(mail).reference,
        "last_day": last_day_of(asked, mail.call),
    }
