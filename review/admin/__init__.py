"""Responses in the admin."""

from review.admin import codebook, duplicates, findings, matrix, responses, samples
from review.admin.memos import memos
from review.admin.quotes import bank
from review.admin.redaction import redactions

__all__ = [
    "bank",
    "codebook",
    "duplicates",
    "findings",
    "matrix",
    "memos",
    "redactions",
    "responses",
    "samples",
]
