from review.models.codebook import Code, Coding
from review.models.duplicates import Cluster, ClusterMember, Shingle, Signature
from review.models.inbox import Review
from review.models.reading import KeysTurnedOff

__all__ = [
    "Cluster",
    "ClusterMember",
    "Code",
    "Coding",
    "KeysTurnedOff",
    "Review",
    "Shingle",
    "Signature",
]
