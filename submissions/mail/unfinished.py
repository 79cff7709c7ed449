"""What people with an unfinished response are told, before and after a call closes."""

from django.conf import settings
from django.urls import reverse

from core import spoken_time
from submissions.calls.models import Call
from submissions.mail.enclosures import Enclosures
from submissions.mail.letters import Block, Heading, Letter, Link, Paragraph
from submissions.mail.opening import rehearsal_warning, subject_of, the_call
from submissions.mail.reminding import opt_out_token
from submissions.mail.return_link import way_back
from submissions.mail.wording import gettext as _
from submissions.outbox.models import OutboxEmail
from submissions.responses.retention import DRAFTS_KEPT


def reminder(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Remind of a draft that has not been submitted, with the way to refuse further ones."""
    call = mail.call
    fresh = enclosed.link_back(mail)
    opt_out = opt_out_address(mail)
    return Letter(
        subject=subject_of(_("Your response is not submitted yet"), call),
        title=_("Your response is not submitted yet"),
        secret=fresh.token,
        headers={
            # RFC 8058: mail programs show a button that refuses further reminders.
            "List-Unsubscribe": f"<{opt_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                _(
                    "You began a response to %(call)s. It counts as evidence only once you submit "
                    "it."
                )
                % {"call": the_call(call)}
            ),
            Paragraph(_("The call closes at %(when)s.") % {"when": call.closes_in_words}),
            *way_back(mail, fresh),
            *_whom_to_ask(call),
            Heading(_("No more reminders")),
            Link(_("Stop reminders about this response"), opt_out),
            Paragraph(
                _(
                    "If you do not submit it, we still write once after the call has closed, to "
                    "say until when you can read and download it."
                )
            ),
        ],
    )


def closed_with_draft(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Say once that the call closed before a draft was submitted, and how long it can be read."""
    call = mail.call
    fresh = enclosed.link_back(mail)
    kept_until = spoken_time.say_day(call.closes_at + DRAFTS_KEPT, call.timezone)
    return Letter(
        subject=subject_of(_("Your response was not submitted"), call),
        title=_("The call has closed"),
        secret=fresh.token,
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                _(
                    "You began a response to %(call)s. The call closed at %(closed)s, and your "
                    "response had not been submitted. So it is not part of the evidence."
                )
                % {"call": the_call(call), "closed": call.closes_in_words}
            ),
            Paragraph(
                _(
                    "Nothing that you wrote is lost. You can read and download it until %(day)s. "
                    "Then it is deleted."
                )
                % {"day": kept_until}
            ),
            *way_back(mail, fresh),
            *_whom_to_ask(call),
        ],
    )


def opt_out_address(mail: OutboxEmail) -> str:
    token = opt_out_token(mail.submission)
    return f"{settings.PORTAL_URL}{reverse('reminders', args=[mail.call.slug, token])}"


def _whom_to_ask(call: Call) -> list[Block]:
    return [
        Heading(_("If you have a question")),
        Paragraph(
            _("Write to %(name)s: %(email)s")
            % {"name": call.contact_name, "email": call.contact_email}
        ),
    ]
