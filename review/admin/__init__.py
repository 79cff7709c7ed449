"""Responses in the admin."""

from review.admin import codebook, duplicates, responses

__all__ = ["codebook", "duplicates", "responses"]
