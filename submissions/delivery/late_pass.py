"""The mail that carries a late pass."""

from django.conf import settings
from django.urls import reverse

from submissions import spoken_time
from submissions.delivery.enclosures import Enclosures
from submissions.delivery.letters import Letter, Link, Paragraph
from submissions.delivery.opening import rehearsal_warning, subject_of, the_call
from submissions.models import OutboxEmail


def late_pass(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Tell the holder of a pass until when, and how, one response can still be submitted."""
    call = mail.call
    given, token = enclosed.late_pass(mail)
    until = spoken_time.say_moment(given.expires_at, call.timezone)
    return Letter(
        subject=subject_of("You can still submit your response", call),
        title="You can still submit your response",
        secret=token,
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                f"{the_call(call)} closed at {call.closes_in_words}. You have been given more "
                f"time: you can submit one response before {until}."
            ),
            Link(
                "Use the extra time",
                f"{settings.PORTAL_URL}{reverse('late_pass', args=[call.slug, token])}",
            ),
            Paragraph(
                "If you began a response, open the link on the device where you began it, or go "
                "back to it first with a link that you ask for by email. Otherwise you can start "
                "a new one. Do not pass this email on: the extra time is for one response."
            ),
            Paragraph(
                f"If you have a question, write to {call.contact_name}: {call.contact_email}"
            ),
        ],
    )
