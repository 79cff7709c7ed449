"""Responses in the admin."""

from review.admin import codebook, duplicates, responses, samples

__all__ = ["codebook", "duplicates", "responses", "samples"]
