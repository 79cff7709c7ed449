from review.models.agreement import CodingDecision, DecidedCode
from review.models.codebook import Code, Coding
from review.models.duplicates import Cluster, ClusterMember, Shingle, Signature
from review.models.findings import (
    Finding,
    FindingAgreement,
    FindingPassage,
    ReportHeading,
    ReportRun,
    StrengthStep,
)
from review.models.inbox import Review, SavedFilter
from review.models.keys_turned_off import KeysTurnedOff
from review.models.matrix import MatrixSummary
from review.models.memos import Memo, MemoText
from review.models.notes import Note
from review.models.quotes import BlindMark, Quote
from review.models.redaction import RedactedFileText, RedactedVersion, Redaction
from review.models.samples import CodingDone, CodingSample, SampledResponse
from review.models.search import SearchEntry
from review.models.texts import FileText

__all__ = [
    "BlindMark",
    "Cluster",
    "ClusterMember",
    "Code",
    "Coding",
    "CodingDecision",
    "CodingDone",
    "CodingSample",
    "DecidedCode",
    "FileText",
    "Finding",
    "FindingAgreement",
    "FindingPassage",
    "KeysTurnedOff",
    "MatrixSummary",
    "Memo",
    "MemoText",
    "Note",
    "Quote",
    "RedactedFileText",
    "RedactedVersion",
    "Redaction",
    "ReportHeading",
    "ReportRun",
    "Review",
    "SampledResponse",
    "SavedFilter",
    "SearchEntry",
    "Shingle",
    "Signature",
    "StrengthStep",
]
