"""The form by which a superuser sets somebody's password."""

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.http import QueryDict
from django.utils.crypto import salted_hmac

from accounts.models import User
from core.admin.seen_forms import last_saved_by


class SeenPasswordForm(AdminPasswordChangeForm):
    """Carries a mark of the password that was there, and is refused once there is another.

    No page shows a password, so neither of the two is said: only who set the other one.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.now = _mark_of(user)
        self.fields["seen"].initial = self.now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.cleaned_data.get("seen") != self.now:
            data = cast("QueryDict", self.data).copy()
            data["seen"] = self.now
            self.data = data
            raise forms.ValidationError(
                f"{last_saved_by(self.user, 'password')} set a password while this page was open. "
                "Yours is not saved. Type it again and save to put it in its place."
            )
        return cleaned


def _mark_of(user: User) -> str:
    """Return what tells one stored password from another, and nothing about either."""
    return salted_hmac("accounts.seen_password", user.password, algorithm="sha256").hexdigest()[:16]
