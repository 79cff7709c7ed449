"""The form by which somebody who is signed in to the admin changes their own password."""

from django.contrib.admin.forms import AdminPasswordChangeForm

from accounts.models import User


class OwnPasswordForm(AdminPasswordChangeForm):
    """Writes the password alone.

    Hashing takes half a second. Django then writes the whole row as it was read before, and gives
    back the rights that a superuser took away meanwhile.
    """

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user
