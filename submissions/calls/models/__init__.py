from submissions.calls.models.calls import Call, call_at, call_of_revision
from submissions.calls.models.questions import Question, Questionnaire, RespondentRole, Section

__all__ = [
    "Call",
    "Question",
    "Questionnaire",
    "RespondentRole",
    "Section",
    "call_at",
    "call_of_revision",
]
