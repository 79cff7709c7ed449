"""The one home of every state, kind and choice that is stored as a string."""

from django.db.models import TextChoices


class QuestionKind(TextChoices):
    """How a question is answered; the value's shape is given in `submissions.domain.answering`."""

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


class SubmissionState(TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Timing(TextChoices):
    """Which deadline a version was received before."""

    ON_TIME = "on_time", "On time"
    GRACE = "grace", "In the grace period"
    LATE_PASS = "late_pass", "With a late pass"


class Channel(TextChoices):
    """How the evidence reached the project."""

    WEB = "web", "This website"
    EMAIL = "email", "Email"
    POST = "post", "Post"
    PHONE = "phone", "Telephone"


class TriageStatus(TextChoices):
    """How far the project's staff have read a submission."""

    UNREAD = "unread", "Unread"
    IN_REVIEW = "in_review", "In review"
    CONSIDERED = "considered", "Considered"
    SET_ASIDE = "set_aside", "Set aside"


class OutboxState(TextChoices):
    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class MailKind(TextChoices):
    CONFIRMATION = "confirmation", "Confirmation of a submission"
    AMENDED = "amended", "Confirmation of a changed submission"
    WITHDRAWN = "withdrawn", "Confirmation of a withdrawal"
    RETURN_LINK = "return_link", "Link back to a response"
    REMINDER = "reminder", "Reminder of an unfinished response"
    CLOSED_WITH_DRAFT = "closed_with_draft", "Closed with an unfinished response"
    LATE_PASS = "late_pass", "Late pass"
    STAFF_DIGEST = "staff_digest", "Daily digest for staff"


class AuditAction(TextChoices):
    EXPORT_STARTED = "export_started", "Started an export"
    EXPORTED = "exported", "Exported responses"
    EXPORT_BROKEN = "export_broken", "Export broken off"
    RESPONSE_OPENED = "response_opened", "Opened a response"
    FILE_OPENED = "file_opened", "Opened a file"
    STATUS_CHANGED = "status_changed", "Changed a response's status"
    CALL_CHANGED = "call_changed", "Changed a call"
    MAIL_RESENT = "mail_resent", "Sent a mail again"
    CALL_LOADED = "call_loaded", "Loaded a call definition"
    LATE_PASS_GIVEN = "late_pass_given", "Gave a late pass"
    LATE_PASS_REVOKED = "late_pass_revoked", "Took a late pass back"
    RESPONSE_WITHDRAWN = "response_withdrawn", "Withdrew a response"
    ADDRESS_CORRECTED = "address_corrected", "Corrected the address of a mail"
    EXPORT_DOWNLOADED = "export_downloaded", "Downloaded an export"
    EXPORT_CANCELLED = "export_cancelled", "Cancelled an export"
    REHEARSAL_RESET = "rehearsal_reset", "Reset a rehearsal"


class ExportState(TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Ready"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class Publication(TextChoices):
    """The respondent's choice under the question keyed `publication`."""

    NAMED = "named", "Publish with a name"
    ANONYMOUS = "anonymous", "Publish without names"
    CONFIDENTIAL = "confidential", "Do not publish"


# Addresses below a response that are no sections.
RESERVED_SECTION_KEYS = (
    "amend",
    "check",
    "conflict",
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
PROJECT_STAFF = "Project staff"
STEERING_GROUP = "Steering group"
REHEARSAL_EMAIL_DOMAIN = "rehearsal.invalid"
