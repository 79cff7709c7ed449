"""The way in for the steering group."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Django's own, in plain words; it says the same of a wrong name and a wrong password."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The username or the password is wrong. Passwords mind capital letters.")
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Enter your username")
        self.fields["password"].error_messages["required"] = _("Enter your password")
        # The error summary takes the focus, and a reader begins at the heading.
        self.fields["username"].widget.attrs.pop("autofocus")
