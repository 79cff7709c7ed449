"""The forms by which somebody chooses their own password."""

from typing import Any

from allauth.account.forms import ReauthenticateForm
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy as _

from accounts.adapters import limited
from accounts.models import User


class OwnPasswordForm(AdminPasswordChangeForm):
    """Writes the password alone.

    Hashing takes half a second. Django then writes the whole row as it was read before, and gives
    back the rights that a superuser took away meanwhile.
    """

    def clean_old_password(self) -> str:
        """Check the present password, with the pauses of every other page that asks for it."""
        with limited("password again", self.user, what="password asked again"):
            old: str = super().clean_old_password()
        return old

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


class NewPasswordForm(SetPasswordForm):
    """A new password, written alone, for somebody who has the link that was sent to them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _(
            "12 characters or more, and none of the passwords that many people use. "
            "Three random words are a good one."
        )
        self.fields["new_password1"].error_messages["required"] = _("Enter a new password")
        self.fields["new_password2"].label = _("The same password again")
        self.fields["new_password2"].help_text = ""
        self.fields["new_password2"].error_messages["required"] = _("Enter the password again")
        self.fields["new_password1"].widget.attrs.pop("autofocus", None)

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


class PasswordAgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["password"]
        field.label = _("Password")
        field.help_text = ""
        field.error_messages["required"] = _("Enter your password")
        field.widget.attrs.pop("placeholder", None)
