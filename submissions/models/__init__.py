from submissions.models.calls import Call, Question, RespondentRole, Section
from submissions.models.records import AuditEvent, OutboxEmail
from submissions.models.responses import (
    Answer,
    Attachment,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)

__all__ = [
    "Answer",
    "Attachment",
    "AuditEvent",
    "Call",
    "IdentityAnswer",
    "OutboxEmail",
    "Question",
    "RespondentRole",
    "Section",
    "Submission",
    "Version",
    "VersionIdentity",
]
