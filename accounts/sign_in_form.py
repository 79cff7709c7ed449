"""The form of the sign-in page, and those of codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from accounts import tries
from accounts.adapters import limited, paused_in_words, refuse_used
from core.throttling import client_address

NOT_ACCEPTED = _("The passkey was not accepted. Try again")
WRONG_AT_SET_UP = _("The code is wrong. Type the one that your app shows now")


class SignInForm(AuthenticationForm):
    """Django's own form in plain words. It does not say which of name and password is wrong."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The username or the password is wrong. Passwords are case-sensitive.")
    }

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.wait = timedelta(0)
        self.fields["username"].error_messages["required"] = _("Enter your username")
        self.fields["username"].help_text = _(
            "If you were invited by email: the address to which the invitation came."
        )
        self.fields["password"].error_messages["required"] = _("Enter your password")
        # The error summary takes the focus, and screen readers begin at the heading.
        self.fields["username"].widget.attrs.pop("autofocus")

    def clean(self) -> dict[str, Any]:
        """Count the try before the password is checked, which takes half a second."""
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        account = tries.of_account("password", name)
        client = tries.of_client("password", client_address(self.request))
        self.wait = tries.count_try(account, client, at=self.at)
        if self.wait:
            raise forms.ValidationError(paused_in_words(tries.wait_in_words(self.wait)))
        cleaned = super().clean()
        tries.went_right(account=account, client=client)
        return cleaned


class _LimitedCode:
    """A form with a code: tries are counted by account, wrong ones go on record."""

    user: Any
    fields: dict[str, forms.Field]
    what = "code"
    once = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code")
        code.error_messages["required"] = _("Enter the code")
        code.widget.attrs.pop("placeholder", None)
        code.widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        with limited("second factor", self.user, what=self.what):
            code: str = super().clean_code()  # type: ignore[misc]  # a mixin
            if self.once:
                refuse_used(self.user, code)
        return code


class CodeForm(_LimitedCode, AuthenticateForm):
    pass


class CodeAgainForm(_LimitedCode, ReauthenticateForm):
    what = "code asked again"


class SetUpCodeForm(_LimitedCode, ActivateTOTPForm):
    what = "code of a new app"
    once = False  # it only shows that the app has the secret

    def clean_code(self) -> str:
        """Refuse a wrong code without a word of recovery codes, which count for nothing here."""
        try:
            return super().clean_code()
        except forms.ValidationError as error:
            if error.code != "incorrect_code":
                raise
            raise forms.ValidationError(WRONG_AT_SET_UP, code=error.code) from None


class _PasskeyField:
    """A form with what a browser says of a passkey, refused in one sentence."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"].error_messages |= {
            "required": NOT_ACCEPTED,
            "invalid": NOT_ACCEPTED,
        }


class _LimitedPasskey(_PasskeyField):
    """A form with what a passkey signed, counted and recorded as codes are."""

    user: Any
    what = "passkey"

    def clean_credential(self) -> Any:
        with limited("second factor", self.user, what=self.what), _as_not_accepted():
            return super().clean_credential()  # type: ignore[misc]  # a mixin


class PasskeyForm(_LimitedPasskey, AuthenticateWebAuthnForm):
    pass


class PasskeyAgainForm(_LimitedPasskey, ReauthenticateWebAuthnForm):
    what = "passkey asked again"


class NewPasskeyForm(_PasskeyField, AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        with _as_not_accepted():
            cleaned: dict[str, Any] = super().clean()
        return cleaned


@contextmanager
def _as_not_accepted() -> Iterator[None]:
    """Refuse in our words, also what no browser sends, in place of a server error.

    allauth says of a passkey that the code is wrong.
    """
    try:
        yield
    except (
        AttributeError,
        InvalidSignature,
        LookupError,
        TypeError,
        ValueError,
        forms.ValidationError,
    ):
        raise forms.ValidationError(NOT_ACCEPTED) from None
