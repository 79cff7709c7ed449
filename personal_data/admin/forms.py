"""The forms for staff: finding a person, entering a request to erase, deciding about one."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from core.several_lines import SeveralLines
from submissions.admin.entry_form import checked_day
from submissions.calls.models import Call
from submissions.responses.states import ErasureScope

# The files alone end by a rule of retention only.
AT_REQUEST = [
    (scope.value, scope.label) for scope in (ErasureScope.IDENTITY, ErasureScope.RESPONSE)
]
HOW = "It goes on record: leave out names of people."


class PersonForm(forms.Form):
    call = forms.ModelChoiceField(Call.objects.none(), label="Call", empty_label=None)
    words = forms.CharField(
        label="Address, name or reference",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="Why you look for this person",
        max_length=500,
        help_text=f"Such as “asked by letter on 30 July for a copy”. {HOW}",
    )

    def __init__(self, *args: Any, calls: QuerySet[Call], **options: Any) -> None:
        super().__init__(*args, **options)
        call = self.fields["call"]
        if isinstance(call, forms.ModelChoiceField):
            call.queryset = calls


class CopyForm(forms.Form):
    """Takes the responses of which a copy is made, and the reason of the search that found them."""

    responses = forms.TypedMultipleChoiceField(coerce=int)
    reason = forms.CharField(max_length=500)

    def __init__(self, *args: Any, choices: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        responses = self.fields["responses"]
        if isinstance(responses, forms.TypedMultipleChoiceField):
            responses.choices = [(pk, str(pk)) for pk in choices]


class EnterForm(forms.Form):
    scope = forms.ChoiceField(label="What to erase", choices=AT_REQUEST, widget=forms.RadioSelect)
    reason = SeveralLines(
        label="How its author asked for it",
        max_length=500,
        help_text=f"Such as “by letter of 30 July”, and how you know that it was them. {HOW}",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    asked_on = forms.DateField(
        label="When it reached you",
        help_text="You have a month from this day.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean_asked_on(self) -> date:
        return checked_day(self.cleaned_data["asked_on"])


class RefuseForm(forms.Form):
    words = SeveralLines(
        label="Why it is refused",
        max_length=500,
        help_text="We send these words to the author, if we know an address.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
