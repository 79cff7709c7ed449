"""The link back to a response: its own mail, and the part of a receipt that holds one."""

from django.conf import settings

from core import spoken_time
from submissions.calls.models import Call
from submissions.mail.enclosures import Enclosures
from submissions.mail.letters import LEFT_OUT, Block, Facts, Heading, Letter, Link, Paragraph
from submissions.mail.opening import rehearsal_warning, subject_of, the_call
from submissions.mail.wording import gettext as _
from submissions.mail.wording import path_of, say_moment
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Submission
from submissions.responses.returning import FreshLink


def way_back(mail: OutboxEmail, fresh: FreshLink) -> list[Block]:
    """Return the part of a receipt that leads back to the response."""
    call = mail.call
    return [
        Heading(_("Go back to your response")),
        Link(_("Open your response on any device"), _address(call, fresh)),
        *_how_long(call, fresh),
    ]


def return_link(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Return the mail that somebody asked for to come back to a response."""
    call, submission = mail.call, mail.submission
    fresh = enclosed.link_back(mail)
    return Letter(
        subject=subject_of(_("Your link back to your response"), call),
        title=_("Go back to your response"),
        secret=fresh.token,
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                _("You asked for a link to your response to %(call)s.") % {"call": the_call(call)}
            ),
            _which(submission, call),
            Link(_("Open your response"), _address(call, fresh)),
            *_how_long(call, fresh),
            *_still_to_submit(submission, call),
            Paragraph(
                _(
                    "Whoever has this email can open your response while the link works, so do "
                    "not pass it on."
                )
            ),
            Paragraph(
                _(
                    "If you did not ask for this, you need do nothing. If it comes again, tell us "
                    "at %(email)s."
                )
                % {"email": call.contact_email}
            ),
        ],
    )


def _address(call: Call, fresh: FreshLink) -> str:
    path = path_of("return_link", call.slug, LEFT_OUT).replace(LEFT_OUT, fresh.token)
    return f"{settings.PORTAL_URL}{path}"


def _how_long(call: Call, fresh: FreshLink) -> list[Block]:
    until = say_moment(fresh.expires_at, call.timezone)
    return [
        Paragraph(
            _(
                "This link works once, until %(until)s, and only if no newer link was sent to "
                "you since. You can get a fresh one at any time:"
            )
            % {"until": until}
        ),
        Link(_("Get a fresh link"), f"{settings.PORTAL_URL}{path_of('return', call.slug)}"),
    ]


def _which(submission: Submission, call: Call) -> Facts:
    saved = spoken_time.say_moment(submission.saved_at, call.timezone)
    if submission.reference:
        return Facts(((_("Reference"), submission.reference),))
    return Facts(((_("Response"), _("not submitted yet")), (_("Last saved"), saved)))


def _still_to_submit(submission: Submission, call: Call) -> list[Block]:
    if submission.is_draft:
        said = _(
            "Your response counts as evidence once you submit it. The call closes at %(when)s."
        )
    elif submission.amending_since is not None:
        said = _(
            "What you submitted counts. Your changes count once you submit them. The call closes "
            "at %(when)s."
        )
    else:
        return []
    return [Paragraph(said % {"when": call.closes_in_words})]
