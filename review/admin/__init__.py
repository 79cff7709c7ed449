"""Responses in the admin."""

from review.admin import responses

__all__ = ["responses"]
