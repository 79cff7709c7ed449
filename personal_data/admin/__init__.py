"""What a person may ask for, in the admin."""

from personal_data.admin import erasure_requests

__all__ = ["erasure_requests"]
