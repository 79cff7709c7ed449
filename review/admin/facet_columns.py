"""The columns of the list of responses that a call's definition asks for."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest

from review.admin.response_filters import calls_read, chosen_call
from submissions.calls.facets import Facet
from submissions.calls.models import Question
from submissions.responses.models import Submission, Version


def facet_columns(request: HttpRequest) -> list[Callable[[Submission], str]]:
    """Return a column for each listed facet of the chosen call."""
    call = chosen_call(request, calls_read(request))
    if call is None:
        return []
    return [
        _column(facet, question) for facet, question in call.facet_questions if facet.get("listed")
    ]


def say_facet(question: Question, version: Version | None) -> str:
    """One answer by its label; several in the words of their keys, as labels take ten lines."""
    chosen = version.choices.get(question.key) if version else None
    if isinstance(chosen, list):
        return ", ".join(key.replace("_", " ") for key in chosen)
    return question.option_labels.get(chosen, chosen) if chosen else ""


def _column(facet: Facet, question: Question) -> Callable[[Submission], str]:
    @admin.display(description=facet["label"])
    def column(response: Submission) -> str:
        return say_facet(question, response.current_version)

    column.__name__ = f"facet_{question.key}"
    return column
