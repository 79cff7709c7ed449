"""People, their memberships and the record in the admin."""

from accounts.admin import invitations, members, people, record

__all__ = ["invitations", "members", "people", "record"]
