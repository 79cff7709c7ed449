"""The form by which a superuser sets somebody's password."""

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.http import QueryDict
from django.utils.crypto import salted_hmac

from accounts import administrators
from accounts.models import User
from core.admin.edit_conflicts import last_saved_by


class ConflictCheckedPasswordForm(AdminPasswordChangeForm):
    """Carries an etag of the password that was there, and is refused once there is another.

    No page shows a password, so neither of the two is said: only who set the other one.
    """

    base_etag = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.now = _password_etag(user)
        self.fields["base_etag"].initial = self.now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.cleaned_data.get("base_etag") != self.now:
            data = cast("QueryDict", self.data).copy()
            data["base_etag"] = self.now
            self.data = data
            raise forms.ValidationError(
                f"{last_saved_by(self.user, 'password')} set a password while this page was open. "
                "Yours is not saved. Type it again and save to put it in its place."
            )
        is_disabled = not self.cleaned_data.get("set_usable_password", True)
        has_other_way = administrators.is_known_at_provider(self.user.email)
        if is_disabled and not has_other_way and administrators.is_last(self.user):
            self.add_error("usable_password", administrators.LAST_ONE)
        return cleaned


def _password_etag(user: User) -> str:
    """Return what tells one stored password from another, and nothing about either."""
    return salted_hmac("accounts.password_etag", user.password, algorithm="sha256").hexdigest()[:16]
