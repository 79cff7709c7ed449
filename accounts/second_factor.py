"""Setting up a second factor and taking it away: what follows for one's sign-ins."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.generic import FormView

from accounts import signed_in
from accounts.account_mail import tell
from accounts.current_user import current_user
from accounts.models import SignIn
from accounts.record import record
from accounts.states import AccountMailKind, AuditAction
from accounts.tasks import nudge_account_mail
from core import clock

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class _TellsOfIt:
    """Ends the other sign-ins, which may have been made with the password alone; on record."""

    request: HttpRequest
    action: AuditAction
    factor: str

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # a mixin
        user = current_user(self.request)
        has_one = Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
        sign_in = signed_in.sign_in_of(self.request)
        if sign_in is not None:
            SignIn.objects.filter(pk=sign_in.pk).update(second_factor=has_one)
            signed_in.end_others(sign_in)
        record(by=user, at=clock.portal_now(), action=self.action, factor=self.factor)
        tell(user, AccountMailKind.SECOND_FACTOR, at=clock.wall_now())
        nudge_account_mail()
        return answer


class SetUpApp(_TellsOfIt, ActivateTOTPView):
    action, factor = AuditAction.SECOND_FACTOR_SET_UP, "app"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show somebody who has an app already, or pressed twice, what there is.

        allauth leads to the page that removes the app.
        """
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            pressed_twice = request.method == "POST"
            return redirect("mfa_view_recovery_codes" if pressed_twice else "mfa_index")
        return super().dispatch(request, *args, **kwargs)


class TakeAppAway(_TellsOfIt, DeactivateTOTPView):
    action, factor = AuditAction.SECOND_FACTOR_REMOVED, "app"


class AddPasskey(_TellsOfIt, AddWebAuthnView):
    action, factor = AuditAction.SECOND_FACTOR_SET_UP, "passkey"


class TakePasskeyAway(_TellsOfIt, RemoveWebAuthnView):
    action, factor = AuditAction.SECOND_FACTOR_REMOVED, "passkey"


class MakeRecoveryCodes(_TellsOfIt, GenerateRecoveryCodesView):
    action, factor = AuditAction.SECOND_FACTOR_SET_UP, "recovery codes"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Leave out what allauth reads of the codes before: see `ShowRecoveryCodes`."""
        return FormView.get_context_data(self, **kwargs)


class ShowRecoveryCodes(ViewRecoveryCodesView):
    """Leads to new codes where nobody can read those of another SECRET_KEY, after a restore."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except ValidationError:
            return redirect("mfa_generate_recovery_codes")


class PasskeyAgain(ReauthenticateWebAuthnView):
    """Asks for a passkey again; says so on the same page where it is not accepted.

    allauth leads to the sign-in then, which loses what was to go on.
    """

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data() | {"form": form})
