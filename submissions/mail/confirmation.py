"""What a respondent is told when a response has arrived, was changed or was withdrawn."""

from django.conf import settings

from core import spoken_time
from submissions.calls.models import Call
from submissions.mail.enclosures import Enclosures
from submissions.mail.letters import Block, Facts, Heading, Letter, Link, Paragraph, Verbatim
from submissions.mail.letters import paragraphs as as_paragraphs
from submissions.mail.opening import rehearsal_warning, subject_of, the_call
from submissions.mail.return_link import way_back
from submissions.mail.wording import gettext as _
from submissions.mail.wording import path_of, say_moment
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Version


def confirmation(mail: OutboxEmail, enclosed: Enclosures) -> Letter:
    """Return the receipt of the mail's version with a copy of the evidence.

    Nothing in it says who answered: an address with a slip in it belongs to a stranger.
    """
    version, call = mail.version, mail.call
    fresh = enclosed.link_back(mail)
    return Letter(
        secret=fresh.token,
        subject=subject_of(
            _("Response %(reference)s received") % {"reference": version.submission.reference}, call
        ),
        title=_("We have received your response"),
        blocks=[
            *rehearsal_warning(),
            Paragraph(_("Thank you for responding to %(call)s.") % {"call": the_call(call)}),
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
        subject=subject_of(
            _("Changes to response %(reference)s received")
            % {"reference": version.submission.reference},
            call,
        ),
        title=_("We have received your changes"),
        blocks=[
            *rehearsal_warning(),
            Paragraph(
                _(
                    "You changed your response to %(call)s. This version counts from now on, and "
                    "no longer the ones before it."
                )
                % {"call": the_call(call)}
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
        subject=subject_of(
            _("Response %(reference)s withdrawn") % {"reference": submission.reference}, call
        ),
        title=_("You have withdrawn your response"),
        blocks=[
            *rehearsal_warning(),
            Paragraph(_("You withdrew your response to %(call)s.") % {"call": the_call(call)}),
            Facts(
                (
                    (_("Reference"), submission.reference),
                    (
                        _("Withdrawn at"),
                        spoken_time.say_exactly(submission.withdrawn_at, call.timezone),
                    ),
                )
            ),
            Paragraph(_("It will not be used as evidence.")),
            *_questions(call),
            _not_you(call),
        ],
    )


def _receipt(version: Version, call: Call) -> list[Block]:
    facts = [
        (_("Reference"), version.submission.reference),
        (_("Received at"), spoken_time.say_exactly(version.received_at, call.timezone)),
        (_("Fingerprint"), version.receipt_digest),
    ]
    if version.number > 1:
        facts.insert(1, (_("Version"), str(version.number)))
    return [
        Facts(tuple(facts)),
        Paragraph(
            _(
                "Keep this email. It is your proof that your response arrived before the "
                "deadline, %(deadline)s. Give the reference when you contact us about your "
                "response. The link below opens your response, so take it out before you pass "
                "this email on."
            )
            % {"deadline": say_moment(version.deadline, call.timezone)}
        ),
    ]


def _what_next(call: Call) -> list[Block]:
    return [
        Heading(_("What happens next")),
        *as_paragraphs(call.what_happens_next),
        *_questions(call),
    ]


def _questions(call: Call) -> list[Block]:
    asked = [(_("Ask"), call.contact_name), (_("Email"), call.contact_email)]
    if call.contact_phone:
        asked.append((_("Telephone"), call.contact_phone))
    return [
        Heading(_("If you have a question")),
        Facts(tuple(asked)),
        *as_paragraphs(call.help_text),
        Link(_("Read about this call for evidence"), f"{settings.PORTAL_URL}/calls/{call.slug}/"),
    ]


def _copy(version: Version, call: Call) -> list[Block]:
    return [
        Heading(_("Your answers")),
        Paragraph(
            _(
                "This is a copy of what you told us. It leaves out who you are and how to reach "
                "you, in case this email is seen by others."
            )
        ),
        Verbatim(version.canonical_text, instead=queue.ANSWERS_LEFT_OUT),
        Heading(_("How to show that nothing was changed")),
        Paragraph(
            _(
                "Each response has a fingerprint, made from its answers as we keep them. "
                "A change of a single character would give another fingerprint."
            )
        ),
        Facts(((_("Fingerprint in full (SHA-256)"), version.sha256),)),
        Link(
            _("Check that a reference and a fingerprint belong together"),
            f"{settings.PORTAL_URL}{path_of('verify', call.slug)}",
        ),
    ]


def _not_you(call: Call) -> Paragraph:
    return Paragraph(
        _(
            "If you did not respond to this call, somebody has given your address by mistake. "
            "Please tell us at %(email)s."
        )
        % {"email": call.contact_email}
    )
