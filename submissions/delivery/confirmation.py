"""What a respondent is told when a response has arrived, was changed or was withdrawn."""

from django.conf import settings
from django.urls import reverse

from submissions import spoken_time
from submissions.delivery.enclosures import Enclosures
from submissions.delivery.letters import Block, Facts, Heading, Letter, Link, Paragraph, Verbatim
from submissions.delivery.letters import paragraphs as as_paragraphs
from submissions.delivery.opening import rehearsal_warning, subject_of, the_call
from submissions.delivery.way_back import way_back
from submissions.models import Call, OutboxEmail, Version


def confirmation(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Return the receipt of the mail's version with a copy of the evidence.

    Nothing in it says who answered: an address with a slip in it belongs to a stranger.
    """
    version, call = mail.version, mail.call
    fresh = enclosed.link_back(mail)
    return Letter(
        secret=fresh.token,
        subject=subject_of(f"Response {version.submission.reference} received", call),
        title="We have received your response",
        blocks=[
            *rehearsal_warning(),
            Paragraph(f"Thank you for responding to {the_call(call)}."),
            *_receipt(version, call),
            *_what_next(call),
            *way_back(mail, fresh),
            *_copy(version, call),
            _not_you(call),
        ],
    )


def amended(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Return the receipt of a later version, which counts instead of the ones before it."""
    version, call = mail.version, mail.call
    fresh = enclosed.link_back(mail)
    return Letter(
        secret=fresh.token,
        subject=subject_of(f"Changes to response {version.submission.reference} received", call),
        title="We have received your changes",
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                f"You changed your response to {the_call(call)}. This version counts from now "
                "on, and no longer the ones before it."
            ),
            *_receipt(version, call),
            *_what_next(call),
            *way_back(mail, fresh),
            *_copy(version, call),
            _not_you(call),
        ],
    )


def withdrawn(mail: OutboxEmail, _enclosed: Enclosures) -> Letter:
    """Say that the response of the mail's version was withdrawn."""
    submission, call = mail.version.submission, mail.call
    return Letter(
        subject=subject_of(f"Response {submission.reference} withdrawn", call),
        title="You have withdrawn your response",
        blocks=[
            *rehearsal_warning(),
            Paragraph(f"You withdrew your response to {the_call(call)}."),
            Facts(
                (
                    ("Reference", submission.reference),
                    (
                        "Withdrawn at",
                        spoken_time.say_exactly(submission.withdrawn_at, call.timezone),
                    ),
                )
            ),
            Paragraph("It will not be used as evidence."),
            *_questions(call),
            _not_you(call),
        ],
    )


def _receipt(version: Version, call: Call) -> list[Block]:
    facts = [
        ("Reference", version.submission.reference),
        ("Received at", spoken_time.say_exactly(version.received_at, call.timezone)),
        ("Fingerprint", version.receipt_digest),
    ]
    if version.number > 1:
        facts.insert(1, ("Version", str(version.number)))
    return [
        Facts(tuple(facts)),
        Paragraph(
            "Keep this email. It is your proof that your response arrived before the "
            f"deadline, {spoken_time.say_moment(version.deadline, call.timezone)}. "
            "Give the reference when you contact us about your response. The link below opens "
            "your response, so take it out before you pass this email on."
        ),
    ]


def _what_next(call: Call) -> list[Block]:
    return [
        Heading("What happens next"),
        *as_paragraphs(call.what_happens_next),
        *_questions(call),
    ]


def _questions(call: Call) -> list[Block]:
    asked = [("Ask", call.contact_name), ("Email", call.contact_email)]
    if call.contact_phone:
        asked.append(("Telephone", call.contact_phone))
    return [
        Heading("If you have a question"),
        Facts(tuple(asked)),
        *as_paragraphs(call.help_text),
        Link("Read about this call for evidence", f"{settings.PORTAL_URL}/calls/{call.slug}/"),
    ]


def _copy(version: Version, call: Call) -> list[Block]:
    return [
        Heading("Your answers"),
        Paragraph(
            "This is a copy of what you told us. It leaves out who you are and how to reach "
            "you, in case this email is seen by others."
        ),
        Verbatim(version.canonical_text),
        Heading("How to show that nothing was changed"),
        Paragraph(
            "Each response has a fingerprint, made from its answers as we keep them. "
            "A change of a single character would give another fingerprint."
        ),
        Facts((("Fingerprint in full (SHA-256)", version.sha256),)),
        Link(
            "Check that a reference and a fingerprint belong together",
            f"{settings.PORTAL_URL}{reverse('verify', args=[call.slug])}",
        ),
    ]


def _not_you(call: Call) -> Paragraph:
    return Paragraph(
        "If you did not respond to this call, somebody has given your address by mistake. "
        f"Please tell us at {call.contact_email}."
    )
