"""People and the record in the admin."""

from accounts.admin import people, record

__all__ = ["people", "record"]
