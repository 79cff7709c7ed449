"""Responses in the admin."""

from review.admin import codebook, duplicates, matrix, responses, samples

__all__ = ["codebook", "duplicates", "matrix", "responses", "samples"]
