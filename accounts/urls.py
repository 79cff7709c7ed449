from allauth.account.views import reauthenticate
from allauth.mfa.base import views as factors
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.urls import include, path
from django.views.generic import RedirectView

from accounts import openid, own_account, second_factor, sign_in

# These have the names that allauth looks up.
second_factors = [
    path("", factors.index, name="mfa_index"),
    path("code/", factors.authenticate, name="mfa_authenticate"),
    path("code/again/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("app/", second_factor.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", second_factor.TakeAppAway.as_view(), name="mfa_deactivate_totp"),
    path(
        "recovery-codes/", second_factor.ShowRecoveryCodes.as_view(), name="mfa_view_recovery_codes"
    ),
    path(
        "recovery-codes/new/",
        second_factor.MakeRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("passkeys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("passkeys/add/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "passkeys/again/", second_factor.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"
    ),
    path(
        "passkeys/<int:pk>/remove/",
        second_factor.TakePasskeyAway.as_view(),
        name="mfa_remove_webauthn",
    ),
]
urlpatterns = [
    path("steering/sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("steering/sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("account/", own_account.account, name="account"),
    path("account/sign-ins/<int:pk>/end/", own_account.end_sign_in, name="end_sign_in"),
    path("account/password/", own_account.own_password, name="own_password"),
    path("account/forgotten/", own_account.forgotten, name="forgotten"),
    path("account/forgotten/sent/", own_account.forgotten_sent, name="forgotten_sent"),
    path("account/new-password/set/", own_account.new_password_set, name="new_password_set"),
    path(
        "account/new-password/<str:uidb64>/<str:token>/",
        own_account.NewPassword.as_view(),
        name="new_password",
    ),
    path(
        "account/invitation/<str:token>/", own_account.accept_invitation, name="accept_invitation"
    ),
    path("account/sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("account/again/", reauthenticate, name="account_reauthenticate"),
    path("account/second-factor/", include(second_factors)),
    path("account/sso/<str:provider_id>/login/", openid.to_provider, name="openid_connect_login"),
    path(
        "account/sso/<str:provider_id>/login/callback/",
        openid_connect.callback,
        name="openid_connect_callback",
    ),
]
