"""The form of the steering group's sign-in page."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Django's own form in plain words. It does not say which of name and password is wrong."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The username or the password is wrong. Passwords are case-sensitive.")
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = _("Enter your username")
        self.fields["password"].error_messages["required"] = _("Enter your password")
        # The error summary takes the focus, and screen readers begin at the heading.
        self.fields["username"].widget.attrs.pop("autofocus")
