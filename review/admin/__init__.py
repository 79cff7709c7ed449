"""Responses in the admin."""

from review.admin import codebook, duplicates, matrix, responses, samples
from review.admin.redaction import redactions

__all__ = ["codebook", "duplicates", "matrix", "redactions", "responses", "samples"]
