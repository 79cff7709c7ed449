"""The kinds of questions, and what a call's keys may not be."""

from django.db.models import TextChoices


class QuestionKind(TextChoices):
    """How a question is answered; `responses.answering` says what its value looks like."""

    RADIO = "radio", "One choice"
    CHECKBOXES = "checkboxes", "Several choices"
    ROLES = "roles", "Respondent roles"
    SHORT = "short", "Short text"
    LONG = "long", "Long text"
    EMAIL = "email", "Email address"
    MATRIX = "matrix", "One choice a row"
    FILE = "file", "Files"
    CHECKBOX = "checkbox", "Single checkbox"


CHOICE_KINDS = frozenset(
    {
        QuestionKind.RADIO,
        QuestionKind.CHECKBOXES,
        QuestionKind.ROLES,
        QuestionKind.MATRIX,
        QuestionKind.CHECKBOX,
    }
)
TEXT_KINDS = frozenset({QuestionKind.SHORT, QuestionKind.LONG, QuestionKind.EMAIL})
MULTIPLE_KINDS = frozenset({QuestionKind.CHECKBOXES, QuestionKind.ROLES})


class Publication(TextChoices):
    """The respondent's choice under the question keyed `publication`."""

    NAMED = "named", "Publish with the names of the person and the organisation"
    ORGANISATION = "organisation", "Publish with the name of the organisation only"
    ANONYMOUS = "anonymous", "Publish without names"
    CONFIDENTIAL = "confidential", "Do not publish"


class PublicationPolicy(TextChoices):
    """Who decides what a call publishes: each respondent, or the call for all of them."""

    ASKED = "asked", "Each respondent chooses"
    NEVER = "never", "Never: every response is confidential"
    NOT_ASKED = "not asked", "Not asked: used inside, never published"


# The question for the organisation's name: “organisation” lets that one be published alone.
ORGANISATION_NAME = "org_name"

# The question that says whether staff may ask the author something; its options are yes and no.
MAY_CONTACT = "contact_followup"


# Addresses below a response that are no sections.
RESERVED_SECTION_KEYS = (
    "amend",
    "check",
    "conflict",
    "delete",
    "erase",
    "files",
    "forget",
    "help",
    "leave",
    "receipt",
    "save",
    "submitted",
    "text",
    "withdraw",
)
