"""What a respondent is told when a response has arrived."""

from django.conf import settings

from submissions import clock, spoken_time
from submissions.delivery.letters import Block, Facts, Heading, Letter, Link, Paragraph, Verbatim
from submissions.delivery.letters import paragraphs as as_paragraphs
from submissions.models import Call, OutboxEmail, Version


def confirmation(mail: OutboxEmail) -> Letter:
    """Return the receipt of the mail's version with a copy of the evidence.

    Nothing in it says who answered: an address with a slip in it belongs to a stranger.
    """
    version, call = mail.version, mail.call
    reference = version.submission.reference
    rehearsal = "Rehearsal: " if clock.is_rehearsal() else ""
    return Letter(
        subject=f"{rehearsal}Response {reference} received: {call.title}",
        title="We have received your response",
        blocks=[
            *_rehearsal_warning(),
            Paragraph(f"Thank you for responding to {_the_call(call)}."),
            _receipt(version, call),
            Paragraph(
                "Keep this email. It is your proof that your response arrived before the "
                f"deadline, {spoken_time.say_moment(version.deadline, call.timezone)}. "
                "Give the reference when you contact us about your response."
            ),
            Heading("What happens next"),
            *as_paragraphs(call.what_happens_next),
            Heading("If you have a question"),
            *_whom_to_ask(call),
            Link("Read about this call for evidence", f"{settings.PORTAL_URL}/calls/{call.slug}/"),
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
            Paragraph(
                "If you did not respond to this call, somebody has given your address by mistake. "
                f"Please tell us at {call.contact_email}."
            ),
        ],
    )


def _rehearsal_warning() -> list[Block]:
    if not clock.is_rehearsal():
        return []
    return [Paragraph("This is a rehearsal. The times are not real, and nothing here is evidence.")]


def _the_call(call: Call) -> str:
    by = call.partners_in_words
    return f"{call.title}, a call for evidence by {by}" if by else call.title


def _receipt(version: Version, call: Call) -> Facts:
    facts = [
        ("Reference", version.submission.reference),
        ("Received at", spoken_time.say_exactly(version.received_at, call.timezone)),
        ("Fingerprint", version.receipt_digest),
    ]
    if version.number > 1:
        facts.insert(1, ("Version", str(version.number)))
    return Facts(tuple(facts))


def _whom_to_ask(call: Call) -> list[Block]:
    asked = [("Ask", call.contact_name), ("Email", call.contact_email)]
    if call.contact_phone:
        asked.append(("Telephone", call.contact_phone))
    return [Facts(tuple(asked)), *as_paragraphs(call.help_text)]
