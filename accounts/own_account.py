"""The pages of one's own account: invitation, password, second factor, sign-ins."""

from typing import Any

from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import invitations, signed_in, tries
from accounts.account_mail import enqueue, tell
from accounts.current_user import current_user
from accounts.forgotten_form import AcceptForm, ForgottenForm
from accounts.landing import landing_page
from accounts.models import SignIn, User
from accounts.own_password_form import NewPasswordForm, OwnPasswordForm
from accounts.record import record
from accounts.states import AccountMailKind, AuditAction
from accounts.tasks import nudge_account_mail
from core import clock
from core.throttling import client_address


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """One's second factors and sign-ins."""
    user = current_user(request)
    mine = signed_in.sign_in_of(request)
    now = clock.wall_now()
    sign_ins = [row for row in user.sign_ins.all() if not signed_in.has_ended(row, at=now)]
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    context = {
        "sign_ins": sign_ins,
        "mine": mine,
        "totp": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "passkeys": [f.wrap() for f in factors if f.type == Authenticator.Type.WEBAUTHN],
        "codes_left": _codes_left(factors),
        "has_password": user.has_usable_password(),
        "work": landing_page(user),
    }
    return render(request, "account/account.html", context)


def _codes_left(factors: list[Authenticator]) -> int:
    """Return how many recovery codes still work: none of another SECRET_KEY does."""
    codes = [f for f in factors if f.type == Authenticator.Type.RECOVERY_CODES]
    try:
        return len(codes[0].wrap().get_unused_codes()) if codes else 0
    except ValidationError:
        return 0


@login_required
def end_sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sign-ins; one that has ended since the page came is ended.

    Whoever had to sign in for it comes back without a form, and chooses again.
    """
    if request.method != "POST":
        return redirect("account")
    user = current_user(request)
    sign_in = SignIn.objects.filter(pk=pk).first()
    if sign_in is not None:
        if sign_in.user_id != user.pk:
            raise Http404
        signed_in.end(sign_in)
        record(by=user, at=clock.portal_now(), action=AuditAction.SIGN_IN_ENDED)
    return redirect("account")


class OwnPassword(PasswordChangeView):
    """Change one's password: every other sign-in ends, and the person is told by mail."""

    form_class = OwnPasswordForm
    template_name = "account/password.html"
    success_url = reverse_lazy("account")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        before = signed_in.sign_in_of(self.request)
        answer = super().form_valid(form)
        now = clock.wall_now()
        user = current_user(self.request)
        has_factor = before is not None and before.second_factor
        signed_in.begin(self.request, user, second_factor=has_factor, at=now)
        tell_of_new_password(user, "changed it")
        return answer


own_password = login_required(OwnPassword.as_view())


def tell_of_new_password(user: User, how: str) -> None:
    """Tell the person by mail, and the record."""
    record(by=user, at=clock.portal_now(), action=AuditAction.PASSWORD_CHANGED, how=how)
    tell(user, AccountMailKind.PASSWORD_CHANGED, at=clock.wall_now())
    nudge_account_mail()


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password.

    The answer and the work are the same for each address: the worker finds out whose it is.
    """
    form = ForgottenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/forgotten.html", {"form": form})
    now = clock.wall_now()
    address = form.cleaned_data["email"]
    wait = tries.count_try(
        tries.of_account("new password", address),
        tries.of_client("new password", client_address(request)),
        at=now,
    )
    if wait:
        form.pause(wait)
        return render(request, "account/forgotten.html", {"form": form}, status=429)
    enqueue(AccountMailKind.NEW_PASSWORD, to=address, at=now)
    nudge_account_mail()
    return redirect("forgotten_sent")


@require_safe
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "account/forgotten_sent.html")


class NewPassword(PasswordResetConfirmView):
    """Choose a new password by the link in the mail; every sign-in ends."""

    form_class = NewPasswordForm
    template_name = "account/new_password.html"
    success_url = reverse_lazy("new_password_set")

    def get_user(self, uidb64: str) -> Any:
        """Return whose link it is; nobody, if they may not sign in any more."""
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        # The link proves who it is: they no longer wait for wrong passwords that others tried.
        tries.went_right(account=tries.of_account("password", form.user.get_username()))
        tell_of_new_password(form.user, "by a link that was sent")
        return answer


@require_safe
def new_password_set(request: HttpRequest) -> HttpResponse:
    return render(request, "account/new_password_set.html")


@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Choose name and password; the account is made, and its person signed in."""
    now = clock.wall_now()
    invitation = invitations.find(token, wall_now=now)
    if invitation is None:
        return render(request, "account/invitation_over.html", status=410)
    form = AcceptForm(User(username=invitation.email, email=invitation.email), request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = invitations.accept(
            invitation,
            name=form.cleaned_data["name"],
            password_hash=make_password(form.cleaned_data["new_password1"]),
            at=clock.portal_now(),
            wall_now=now,
        )
        if user is None:
            return render(request, "account/invitation_over.html", status=410)
        return perform_login(request, user)
    return render(
        request, "account/accept_invitation.html", {"form": form, "who": invitation.email}
    )
