from review.models.codebook import Code, Coding
from review.models.duplicates import Cluster, ClusterMember, Shingle, Signature
from review.models.inbox import Review

__all__ = ["Cluster", "ClusterMember", "Code", "Coding", "Review", "Shingle", "Signature"]
