from submissions.responses.models.asking import FollowUp, Reply
from submissions.responses.models.attachments import Attachment
from submissions.responses.models.deadlines import ClosingChange, LatePass
from submissions.responses.models.entries import Entry
from submissions.responses.models.erasures import ErasureRequest
from submissions.responses.models.evidence_checks import EvidenceCheck
from submissions.responses.models.imports import ImportedRow, ResponseImport
from submissions.responses.models.responses import (
    Answer,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.models.returning import ReturnAddress, ReturnToken
from submissions.responses.models.scans import FileScan
from submissions.responses.models.sharing import Colleague

__all__ = [
    "Answer",
    "Attachment",
    "ClosingChange",
    "Colleague",
    "Entry",
    "ErasureRequest",
    "EvidenceCheck",
    "FileScan",
    "FollowUp",
    "IdentityAnswer",
    "ImportedRow",
    "LatePass",
    "Reply",
    "ResponseImport",
    "ReturnAddress",
    "ReturnToken",
    "Submission",
    "Version",
    "VersionIdentity",
]
