"""The form by which the author of a response answers a question of the team."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from submissions.respondent.forms.return_forms import PlainForm
from submissions.responses.answering import with_replacements


class PastedTextField(forms.CharField):
    """Takes what the answers of a response take: out of a PDF, text may have a NUL."""

    def to_python(self, value: Any) -> str | None:
        return super().to_python(with_replacements(value) if isinstance(value, str) else value)


class FollowUpForm(PlainForm):
    """Too long an answer is refused with its length, and stays in the field."""

    answer = PastedTextField(
        label=_("Your answer"),
        help_text=_("Up to 10,000 characters: about three pages."),
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
        error_messages={"required": _("Enter your answer")},
    )
