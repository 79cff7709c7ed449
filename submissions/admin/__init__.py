"""Project staff's admin; each file registers its subject."""

from submissions.admin import calls, outbox, people, records, responses

__all__ = ["calls", "outbox", "people", "records", "responses"]
