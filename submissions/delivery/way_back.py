"""The link back to a response: its own mail, and the part of a receipt that holds one."""

from django.conf import settings
from django.urls import reverse

from submissions import spoken_time
from submissions.delivery.enclosures import Enclosures
from submissions.delivery.letters import Block, Facts, Heading, Letter, Link, Paragraph
from submissions.delivery.opening import rehearsal_warning, subject_of, the_call
from submissions.domain.returning import FreshLink
from submissions.models import Call, OutboxEmail, Submission


def way_back(mail: OutboxEmail, fresh: FreshLink) -> list[Block]:
    """Return the part of a receipt that leads back to the response."""
    call = mail.call
    return [
        Heading("Go back to your response"),
        Link("Open your response on any device", _address(call, fresh)),
        *_how_long(call, fresh),
    ]


def return_link(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Return the mail that somebody asked for to come back to a response."""
    call, submission = mail.call, mail.submission
    fresh = enclosed.link_back(mail)
    return Letter(
        subject=subject_of("Your link back to your response", call),
        title="Go back to your response",
        secret=fresh.token,
        blocks=[
            *rehearsal_warning(),
            Paragraph(f"You asked for a link to your response to {the_call(call)}."),
            _which(submission, call),
            Link("Open your response", _address(call, fresh)),
            *_how_long(call, fresh),
            *_still_to_submit(submission, call),
            Paragraph(
                "Whoever has this email can open your response while the link works, so do not "
                "pass it on."
            ),
            Paragraph(
                "If you did not ask for this, you need do nothing. If it comes again, tell us at "
                f"{call.contact_email}."
            ),
        ],
    )


def _address(call: Call, fresh: FreshLink) -> str:
    return f"{settings.PORTAL_URL}{reverse('return_link', args=[call.slug, fresh.token])}"


def _how_long(call: Call, fresh: FreshLink) -> list[Block]:
    until = spoken_time.say_moment(fresh.expires_at, call.timezone)
    return [
        Paragraph(
            f"This link works once, until {until}, and only if no newer link was sent to you "
            "since. You can get a fresh one at any time:"
        ),
        Link("Get a fresh link", f"{settings.PORTAL_URL}{reverse('return', args=[call.slug])}"),
    ]


def _which(submission: Submission, call: Call) -> Facts:
    saved = spoken_time.say_moment(submission.saved_at, call.timezone)
    if submission.reference:
        return Facts((("Reference", submission.reference),))
    return Facts((("Response", "not submitted yet"), ("Last saved", saved)))


def _still_to_submit(submission: Submission, call: Call) -> list[Block]:
    if submission.is_draft:
        said = "Your response counts as evidence once you submit it"
    elif submission.amending_since is not None:
        said = "What you submitted counts. Your changes count once you submit them"
    else:
        return []
    return [Paragraph(f"{said}. The call closes at {call.closes_in_words}.")]
