"""The mail that carries a late pass."""

from django.conf import settings
from django.urls import reverse

from core import spoken_time
from submissions.mail.enclosures import Enclosures
from submissions.mail.letters import Letter, Link, Paragraph
from submissions.mail.opening import rehearsal_warning, subject_of, the_call
from submissions.mail.wording import gettext as _
from submissions.outbox.models import OutboxEmail


def late_pass(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Tell the holder of a pass until when, and how, one response can still be submitted."""
    call = mail.call
    given, token = enclosed.late_pass(mail)
    until = spoken_time.say_moment(given.expires_at, call.timezone)
    return Letter(
        subject=subject_of(_("You can still submit your response"), call),
        title=_("You can still submit your response"),
        secret=token,
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                _(
                    "%(call)s closed at %(closed)s. You have been given more time: you can "
                    "submit one response before %(until)s."
                )
                % {"call": the_call(call), "closed": call.closes_in_words, "until": until}
            ),
            Link(
                _("Use the extra time"),
                f"{settings.PORTAL_URL}{reverse('late_pass', args=[call.slug, token])}",
            ),
            Paragraph(
                _(
                    "If you began a response, open the link on the device where you began it, or "
                    "go back to it first with a link that you ask for by email. Otherwise you can "
                    "start a new one. Do not pass this email on: the extra time is for one "
                    "response."
                )
            ),
            Paragraph(
                _("If you have a question, write to %(name)s: %(email)s")
                % {"name": call.contact_name, "email": call.contact_email}
            ),
        ],
    )
