"""Who may sign in."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse

from accounts.models import User
from accounts.sign_in_form import SignInForm
from accounts.states import REHEARSAL_EMAIL_DOMAIN
from core import clock


class PortalBackend(ModelBackend):
    """Django's own backend, but rehearsal sign-ins work only while a rehearsal clock runs."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        of_rehearsal = isinstance(user, User) and user.email.endswith(f"@{REHEARSAL_EMAIL_DOMAIN}")
        if of_rehearsal and not clock.is_rehearsal():
            return False
        return super().user_can_authenticate(user)


class SignIn(LoginView):
    """The steering group signs in. `core.sessions` says when a sign-in ends."""

    authentication_form = SignInForm
    template_name = "registration/sign_in.html"

    def get_default_redirect_url(self) -> str:
        return reverse("steering")


class SignOut(LogoutView):
    template_name = "registration/signed_out.html"
