"""The states and kinds of mails."""

from django.db.models import TextChoices


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
