"""The form by which the author of a response answers a question of the team."""

from django import forms
from django.utils.translation import gettext_lazy as _

from submissions.respondent.forms.return_forms import PlainForm


class FollowUpForm(PlainForm):
    """Too long an answer is refused with its length, and stays in the field."""

    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("Up to 10,000 characters: about three pages."),
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
        error_messages={"required": _("Enter your answer")},
    )
