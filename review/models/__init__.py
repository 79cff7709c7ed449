from review.models.codebook import Code, Coding
from review.models.inbox import Review

__all__ = ["Code", "Coding", "Review"]
