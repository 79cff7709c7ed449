"""The form for a new closing time, in the call's own time zone."""

from collections.abc import Mapping
from typing import Any

from django import forms

from core.several_lines import SeveralLines
from submissions.admin.local_moment_form import LocalMomentForm
from submissions.calls.models import Call


class ClosingTimeForm(LocalMomentForm):
    reason = SeveralLines(
        label="Reason",
        max_length=500,
        help_text="It goes on record beside the old and the new time. Leave out names of people.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, call: Call) -> None:
        super().__init__(data, call=call, at_first=call.closes_at)
        self.fields["time"].help_text += " Responses are taken until just before this moment."
