"""The form of the admin's sign-in page."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm

from accounts.models import User
from accounts.rights import may_enter_admin


class StaffSignInForm(AdminAuthenticationForm):
    """Lets in who has something to do at /admin/, whatever Django's “staff status” says."""

    def confirm_login_allowed(self, user: Any) -> None:
        AuthenticationForm.confirm_login_allowed(self, user)
        if not isinstance(user, User) or not may_enter_admin(user):
            raise self.get_invalid_login_error()
