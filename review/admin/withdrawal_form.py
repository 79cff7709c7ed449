"""Withdrawing a response because its author asked for it."""

from django import forms


class WithdrawalForm(forms.Form):
    reason = forms.CharField(
        label="How its author asked for it",
        max_length=500,
        help_text="Such as “by email on 30 July”. It goes on record: leave out names of people.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
