from review.models.codebook import Code, Coding

__all__ = ["Code", "Coding"]
