"""The forms of somebody who is not signed in: a forgotten password, an invitation."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import tries
from accounts.adapters import paused_in_words
from accounts.own_password_form import NewPasswordForm
from core.addresses import AddressField


class ForgottenForm(forms.Form):
    email = AddressField(
        label=_("Email address"),
        error_messages={"required": _("Enter your email address")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def pause(self, wait: timedelta) -> None:
        self.add_error("email", paused_in_words(tries.wait_in_words(wait)))


class AcceptForm(NewPasswordForm):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_(
            "Files that colleagues take away have it beside what you coded. On pages they see "
            "your username."
        ),
        max_length=150,
        error_messages={"required": _("Enter your name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "new_password1", "new_password2"]

    def clean(self) -> dict[str, Any]:
        self.user.first_name = self.cleaned_data.get("name", "")
        return super().clean() or {}
