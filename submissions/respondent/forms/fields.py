"""One form field per question: it reads what was posted and cleans it to what is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.answering import clean_answer
from submissions.responses.errors import AnswerRefused

Posted = Mapping[str, Any]


def every_value(posted: Posted, name: str) -> list[Any]:
    """Return all values under `name`, from a QueryDict or from a plain mapping."""
    if hasattr(posted, "getlist"):
        return posted.getlist(name)
    value = posted.get(name, [])
    return list(value) if isinstance(value, list | tuple) else [value]


class PostedAnswer(forms.Widget):
    """Reads an answer from what was posted; the template pack draws it (`layout`)."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def value_from_datadict(self, data: Posted, files: Posted, name: str) -> Any:
        kind = self.question.kind
        if kind in MULTIPLE_KINDS:
            return every_value(data, name)
        if kind == QuestionKind.MATRIX:
            return {row: data.get(key) for row, key in row_names(self.question).items()}
        if kind == QuestionKind.CHECKBOX:
            return bool(data.get(name))
        if kind == QuestionKind.FILE:
            return [file for file in every_value(files, name) if isinstance(file, UploadedFile)]
        return data.get(name)

    def value_omitted_from_data(self, data: Posted, files: Posted, name: str) -> bool:
        """Return whether a text was not posted. An unticked box posts nothing either."""
        return self.question.kind in TEXT_KINDS and name not in data


class AnswerField(forms.Field):
    """Cleans to the stored shape (`models.WorkingAnswer`), or for files to a list of uploads.

    Nothing is required here: incomplete pages save.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(
            required=False,
            label=question.label,
            help_text=question.hint,
            widget=PostedAnswer(question),
        )

    def clean(self, value: Any) -> Any:
        if self.question.kind == QuestionKind.FILE:
            return value or []
        try:
            return clean_answer(self.question, value)
        except AnswerRefused as refusal:
            raise forms.ValidationError(refusal.message, code="refused") from refusal


def row_names(question: Question) -> dict[str, str]:
    """Return for each row of a matrix the name of its radios: `fairness_<row>`."""
    return {row["key"]: f"{question.key}_{row['key']}" for row in question.rows}


def posted_names(question: Question) -> Sequence[str]:
    """Return every name under which the question's answer may be posted."""
    if question.kind == QuestionKind.MATRIX:
        return list(row_names(question).values())
    return [question.key]
