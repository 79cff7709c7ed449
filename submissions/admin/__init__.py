"""Calls, entered responses, late passes and mails in the admin; each file registers its subject."""

from submissions.admin import calls, entries, late_passes, outbox

__all__ = ["calls", "entries", "late_passes", "outbox"]
