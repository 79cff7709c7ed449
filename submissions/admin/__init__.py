"""Calls, late passes and mails in the admin; each file registers its subject."""

from submissions.admin import calls, late_passes, outbox

__all__ = ["calls", "late_passes", "outbox"]
