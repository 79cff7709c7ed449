"""Who may sign in, and for how long."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser

from submissions import clock
from submissions.vocabulary import REHEARSAL_EMAIL_DOMAIN


class PortalBackend(ModelBackend):
    """Django's own, which refuses rehearsal sign-ins wherever the clock is the real one."""

    def user_can_authenticate(self, user: AbstractBaseUser) -> bool:
        if user.email.endswith(f"@{REHEARSAL_EMAIL_DOMAIN}") and not clock.is_rehearsal():
            return False
        return super().user_can_authenticate(user)
