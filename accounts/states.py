"""The names of the groups, and the actions that go on record."""

from django.db.models import TextChoices


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
    IDENTITY_SEARCHED = "identity_searched", "Searched who answered"


PROJECT_STAFF = "Project staff"
STEERING_GROUP = "Steering group"
REHEARSAL_EMAIL_DOMAIN = "rehearsal.invalid"
