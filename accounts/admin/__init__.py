"""People, their memberships and the record in the admin."""

from accounts.admin import members, people, record

__all__ = ["members", "people", "record"]
