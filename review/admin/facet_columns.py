"""The columns of the list of responses that a call's definition asks for."""

from collections.abc import Callable, Iterable

from django.contrib import admin
from django.http import HttpRequest

from review.admin.response_filters import calls_read, chosen_call
from submissions.calls.facets import Facet, short_label
from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS
from submissions.responses.models import Submission, Version


def facet_columns(request: HttpRequest) -> list[Callable[[Submission], str]]:
    """Return a column for each listed facet of the chosen call."""
    call = chosen_call(request, calls_read(request))
    if call is None:
        return []
    return [
        _column(facet, question) for facet, question in call.facet_questions if facet.get("listed")
    ]


def say_facet(facet: Facet, question: Question, version: Version | None) -> str:
    chosen = version.choices.get(question.key) if version else None
    keys = chosen if isinstance(chosen, list) else [chosen] if chosen else []
    return say_options(facet, question, keys)


def say_options(facet: Facet, question: Question, keys: Iterable[str]) -> str:
    """Say several options by their short labels, as labels take ten lines.

    One is said by its label, unless the definition has a short one.
    """
    if question.kind in MULTIPLE_KINDS:
        return ", ".join(short_label(facet, key) for key in keys)
    labels = question.option_labels | facet.get("short_labels", {})
    return ", ".join(labels.get(key, key) for key in keys)


def _column(facet: Facet, question: Question) -> Callable[[Submission], str]:
    @admin.display(description=facet["label"])
    def column(response: Submission) -> str:
        return say_facet(facet, question, response.current_version)

    column.__name__ = f"facet_{question.key}"
    return column
