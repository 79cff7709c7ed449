"""Signing in and out, for project staff and steering group alike."""

import logging
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from accounts import signed_in
from accounts.adapters import AccountAdapter
from accounts.landing import landing_page
from accounts.models import User
from accounts.record import record
from accounts.sign_in_form import SignInForm
from accounts.sign_in_record import failed_with_password
from accounts.states import REHEARSAL_EMAIL_DOMAIN, AuditAction
from accounts.usernames import whose_is
from core import clock
from core.security_headers import clear_kept_pages

logger = logging.getLogger(__name__)


class PortalBackend(ModelBackend):
    """Django's own backend, for usernames in any case.

    Rehearsal sign-ins work only while a rehearsal clock runs.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **other: Any,
    ) -> Any:
        person = whose_is(username) if username else None
        name = username if person is None else person.get_username()
        return super().authenticate(request, username=name, password=password, **other)

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        of_rehearsal = isinstance(user, User) and user.email.endswith(f"@{REHEARSAL_EMAIL_DOMAIN}")
        if of_rehearsal and not clock.is_rehearsal():
            return False
        return super().user_can_authenticate(user)


class SignIn(LoginView):
    """The password, then the second factor of those who have one."""

    authentication_form = SignInForm
    template_name = "registration/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sign_in = signed_in.sign_in_of(request)
        if sign_in is not None and signed_in.needs_second_factor(sign_in):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"at": clock.wall_now()}

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        asked_for = self.get_redirect_url() or self.next_page or landing_page(user)
        if self.request.user.is_authenticated:
            # allauth asks nobody who is signed in for a second factor: whoever was would stay.
            AccountAdapter(self.request).logout(self.request)
        login = Login(user=user, redirect_url=str(asked_for))
        return perform_password_login(self.request, {}, login)

    def form_invalid(self, form: Any) -> HttpResponse:
        answer = super().form_invalid(form)
        if form.wait:
            answer.status_code = 429
            logger.warning("sign-in: a try within a pause")
        elif form.non_field_errors():
            logger.info("sign-in: a wrong name or password")
            failed_with_password(form.cleaned_data["username"], at=clock.portal_now())
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sso_name=settings.OIDC_NAME, **kwargs)


class SignOut(LogoutView):
    http_method_names = ("get", "head", "post", "options")
    template_name = "registration/signed_out.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask: whoever follows a link, or a picture of another page, is not signed out by it."""
        if not request.user.is_authenticated:
            return redirect("sign_in")
        return render(request, "registration/sign_out.html")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        sign_in = signed_in.sign_in_of(request)
        if sign_in is not None:
            signed_in.end(sign_in)
            record(by=sign_in.user, at=clock.portal_now(), action=AuditAction.SIGNED_OUT)
        return clear_kept_pages(super().post(request, *args, **kwargs))
