"""The matrix in the admin: codes down, the answers to a closed question across."""

from review.admin.matrix import registered

__all__ = ["registered"]
