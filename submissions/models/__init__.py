from submissions.models.calls import Call, call_at, call_of_revision
from submissions.models.coding import Code, Coding
from submissions.models.deadlines import ClosingChange, LatePass
from submissions.models.exporting import ExportRun
from submissions.models.questions import Asked, Question, RespondentRole, Section
from submissions.models.records import AuditEvent, OutboxEmail
from submissions.models.responses import (
    Answer,
    Attachment,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.models.returning import ReturnAddress, ReturnToken

__all__ = [
    "Answer",
    "Asked",
    "Attachment",
    "AuditEvent",
    "Call",
    "ClosingChange",
    "Code",
    "Coding",
    "ExportRun",
    "IdentityAnswer",
    "LatePass",
    "OutboxEmail",
    "Question",
    "RespondentRole",
    "ReturnAddress",
    "ReturnToken",
    "Section",
    "Submission",
    "Version",
    "VersionIdentity",
    "call_at",
    "call_of_revision",
]
