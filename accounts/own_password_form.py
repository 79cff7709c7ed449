"""The form by which somebody who is signed in to the admin changes their own password."""

from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm


class OwnPasswordForm(AdminPasswordChangeForm):
    """Writes the password alone.

    Hashing takes half a second. Django then writes the whole row as it was read before, and gives
    back the rights that a superuser took away meanwhile.
    """

    def set_password_and_save(
        self, user: Any, password_field_name: str = "password1", commit: bool = True
    ) -> Any:
        user = super().set_password_and_save(user, password_field_name, commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user
