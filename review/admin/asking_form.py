"""The form of a question to the author of a response."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from core.several_lines import SeveralLines
from submissions.calls.models import Call
from submissions.responses.asking import MOST_CHARACTERS, MOST_DAYS, why_not_until

USUAL_DAYS = 14


class QuestionForm(forms.Form):
    """The words of a question, and the last day on which its answer is taken."""

    text = SeveralLines(
        label="Question",
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=(
            f"Up to {MOST_CHARACTERS:,} characters of plain text. It goes out by email: do not "
            "quote the response, and name nobody."
        ),
    )
    last_day = forms.DateField(
        label="Last day to answer",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=f"Answers are taken until the end of this day, within {MOST_DAYS} days.",
    )

    def __init__(self, *args: Any, call: Call, at: datetime, **options: Any) -> None:
        self.call, self.at = call, at
        today = at.astimezone(ZoneInfo(call.timezone)).date()
        options["initial"] = {"last_day": today + timedelta(days=USUAL_DAYS)}
        super().__init__(*args, **options)
        self.auto_id = "question_%s"

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if (number := len(text)) > MOST_CHARACTERS:
            raise forms.ValidationError(
                f"Enter a question of up to {MOST_CHARACTERS:,} characters. This one has "
                f"{number:,}."
            )
        return text

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if refused := why_not_until(self.call, day, at=self.at):
            raise forms.ValidationError(refused)
        return day
