"""Project staff's admin; each file registers its subject."""

from submissions.admin import calls, late_passes, outbox, people, records, responses

__all__ = ["calls", "late_passes", "outbox", "people", "records", "responses"]
