"""Compares what was chosen, which exports and filters go by, with the digested text."""

from collections.abc import Iterator, Sequence

from django.utils import translation

from submissions.calls.models import Question
from submissions.calls.states import CHOICE_KINDS, QuestionKind
from submissions.responses.models import Version
from submissions.responses.transcript import say_answer


def choices_unlike_text(version: Version) -> Iterator[str]:
    """Yield a problem for each question whose choice is another one in the version's text.

    A question whose words were changed since (`load_call --reword`) cannot be compared: its text
    has the old ones. What was typed is left out: it may look like a question and its answer.
    """
    text = version.canonical_text
    for typed in version.texts.values():
        if "\n" in typed:
            text = text.replace(typed, "")
    lines = text.split("\n")
    # The digested text is not translated.
    with translation.override(None):
        for question in version.submission.call.questionnaire.questions:
            if question.kind not in CHOICE_KINDS or question.identity:
                continue
            said = say_answer(question, version.choices.get(question.key))
            places = _answers_below(question.label, lines)
            if places and said not in places and _has_words_of(question, places):
                yield f"the choice under {question.key} is not the one in its text"


def _answers_below(label: str, lines: Sequence[str]) -> list[list[str]]:
    """Return the lines of answers, up to an empty one, wherever the text has the label."""
    found = []
    for number, line in enumerate(lines):
        if line == label and number and lines[number - 1] == "":
            rest = list(lines[number + 1 :])
            found.append(rest[: rest.index("")] if "" in rest else rest)
    return found


def _has_words_of(question: Question, places: Sequence[Sequence[str]]) -> bool:
    """Return whether some place says nothing but what the question offers today."""
    offered = {line for value in _possible(question) for line in say_answer(question, value)}
    return any(offered.issuperset(lines) for lines in places)


def _possible(question: Question) -> Iterator[object]:
    """Yield values that together have every line that an answer can have."""
    yield None
    options = [*question.option_labels]
    if question.kind == QuestionKind.CHECKBOX:
        yield True
    elif question.kind == QuestionKind.MATRIX:
        for option in options:
            yield {row["key"]: option for row in question.rows}
    elif question.kind == QuestionKind.RADIO:
        yield from options
    else:
        yield options
