"""The form of a note."""

from typing import Any

from django import forms

from core.several_lines import SeveralLines
from submissions.calls.models import Question
from submissions.responses.answering import questions_of_version
from submissions.responses.models import Version

MOST_CHARACTERS = 5_000


class NoteForm(forms.Form):
    """A note on the whole response, on the answer to a question, or on a passage of that answer."""

    text = SeveralLines(
        label="Note",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="@name tells a colleague. Leave out who answered.",
    )
    question = forms.ChoiceField(label="About", required=False)
    passage = SeveralLines(
        label="Passage, if it is about a part of the answer",
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Copy it out of the answer.",
    )

    def __init__(self, *args: Any, version: Version, **options: Any) -> None:
        super().__init__(*args, **options)
        self.auto_id = "note_%s"
        answers = {**version.choices, **version.texts}
        asked = questions_of_version(version.submission.call, answers, {})
        self.questions: dict[str, Question] = {
            question.key: question
            for question in asked
            if not question.identity and question.key in answers
        }
        about = self.fields["question"]
        if isinstance(about, forms.ChoiceField):
            about.choices = [("", "The whole response")] + [
                (key, question.label) for key, question in self.questions.items()
            ]

    @property
    def chosen_question(self) -> Question | None:
        return self.questions.get(self.cleaned_data["question"])
