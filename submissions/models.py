"""Where Django finds this app's tables. Code imports each from its slice."""

from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.models.loaded import LoadedWording
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import (
    Answer,
    Attachment,
    ClosingChange,
    Entry,
    ErasureRequest,
    EvidenceCheck,
    FileScan,
    FollowUp,
    IdentityAnswer,
    ImportedRow,
    LatePass,
    Reply,
    ResponseImport,
    ReturnAddress,
    ReturnToken,
    Submission,
    Version,
    VersionIdentity,
)

__all__ = [
    "Answer",
    "Attachment",
    "Call",
    "ClosingChange",
    "Entry",
    "ErasureRequest",
    "EvidenceCheck",
    "FileScan",
    "FollowUp",
    "IdentityAnswer",
    "ImportedRow",
    "LatePass",
    "LoadedWording",
    "OutboxEmail",
    "Question",
    "Reply",
    "RespondentRole",
    "ResponseImport",
    "ReturnAddress",
    "ReturnToken",
    "Section",
    "Submission",
    "Version",
    "VersionIdentity",
]
