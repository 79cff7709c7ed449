from submissions.calls.models.calls import Call
from submissions.calls.models.questionnaire import Questionnaire
from submissions.calls.models.questions import Question, RespondentRole, Section

__all__ = ["Call", "Question", "Questionnaire", "RespondentRole", "Section"]
