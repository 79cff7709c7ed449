"""A new closing time, written in the call's own time zone."""

from typing import Any

from django import forms

from submissions.admin.local_moment_form import LocalMomentForm
from submissions.calls.models import Call


class ClosingTimeForm(LocalMomentForm):
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="It goes on record beside the old and the new time. Leave out names of people.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, call=call, at_first=call.closes_at, **kwargs)
        self.fields["time"].help_text += " Responses are taken until just before this moment."
