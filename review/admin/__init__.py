"""Responses in the admin."""

from review.admin import duplicates, responses

__all__ = ["duplicates", "responses"]
