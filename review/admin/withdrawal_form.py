"""Withdrawing a response because its author asked for it."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.several_lines import SeveralLines
from submissions.responses.models import Submission, Version


class WithdrawalForm(forms.Form):
    """Carries the number of the version that was shown, and is refused once there is a later."""

    reason = SeveralLines(
        label="How its author asked for it",
        max_length=500,
        help_text="Such as “by email on 30 July”. It goes on record: leave out names of people.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    base_etag = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, version: Version) -> None:
        self.number = str(version.number)
        super().__init__(data, initial={"base_etag": self.number})

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("base_etag") != self.number:
            data = cast("QueryDict", self.data).copy()
            data["base_etag"] = self.number
            self.data = data
            raise forms.ValidationError(
                f"Its author submitted version {self.number} while this page was open. What you "
                "typed is below. Save again if it still holds."
            )
        return self.cleaned_data


def withdrawn_already(response: Submission) -> str:
    """Say who withdrew the response, in a sentence for whoever wanted to do it, too."""
    event = (
        AuditEvent.objects.filter(submission=response, action=AuditAction.RESPONSE_WITHDRAWN)
        .select_related("actor")
        .first()
    )
    who = event.actor.get_username() if event and event.actor else "its author"
    return f"{response} was withdrawn already, by {who}. Nothing changed."
