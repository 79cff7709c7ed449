"""The settings of django-allauth, which signs people in, and those of OpenID Connect."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from evidence_portal.environment import read_text, split_url

# What means nothing without OIDC_URL.
OF_PROVIDER = ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME")

ALLAUTH = {
    "ACCOUNT_ADAPTER": "accounts.adapters.AccountAdapter",
    "ACCOUNT_EMAIL_VERIFICATION": "none",  # the invitation went to the address
    "ACCOUNT_LOGIN_METHODS": {"username"},
    "ACCOUNT_SIGNUP_FIELDS": ["username*", "email*", "password1*"],
    "ACCOUNT_UNIQUE_EMAIL": False,
    # accounts.tries limits instead: in the database, for all processes, and in plain words.
    "ACCOUNT_RATE_LIMITS": False,
    "ACCOUNT_REAUTHENTICATION_METHODS": {"password", "mfa"},
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
    "ACCOUNT_FORMS": {"reauthenticate": "accounts.own_password_form.PasswordAgainForm"},
    "MFA_ADAPTER": "accounts.adapters.MFAAdapter",
    "MFA_ALLOW_UNVERIFIED_EMAIL": True,
    "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
    "MFA_RECOVERY_CODES_SHOW_ONCE": True,
    "MFA_TOTP_TOLERANCE": 1,
    "MFA_FORMS": {
        "authenticate": "accounts.sign_in_form.CodeForm",
        "reauthenticate": "accounts.sign_in_form.CodeAgainForm",
        "activate_totp": "accounts.sign_in_form.SetUpCodeForm",
        "authenticate_webauthn": "accounts.sign_in_form.PasskeyForm",
        "reauthenticate_webauthn": "accounts.sign_in_form.PasskeyAgainForm",
        "add_webauthn": "accounts.sign_in_form.NewPasskeyForm",
    },
    "MFA_RATE_LIMITS": False,
    "SOCIALACCOUNT_ADAPTER": "accounts.adapters.SocialAdapter",
    # A link, because a form that leads to another site is refused by our Content-Security-Policy.
    "SOCIALACCOUNT_LOGIN_ON_GET": True,
    "SOCIALACCOUNT_STORE_TOKENS": False,
    "SOCIALACCOUNT_EMAIL_VERIFICATION": "none",
}


def read_openid_connect(*, production: bool) -> tuple[str, dict[str, Any]]:
    """Return the provider's name on the sign-in page and allauth's settings of it; empty for none.

    Raises ImproperlyConfigured for what is half set.

    OIDC_URL is the provider's address (its issuer). The client is made at the provider, with
    PORTAL_URL/account/sso/sso/login/callback/ as the address to return to.
    """
    url = read_text("OIDC_URL", default="")
    if not url:
        for variable in OF_PROVIDER:
            if read_text(variable, default=""):
                raise ImproperlyConfigured(
                    f"{variable} is set, and OIDC_URL is not: write the issuer of your provider, "
                    f"or unset {', '.join(OF_PROVIDER[:-1])} and {OF_PROVIDER[-1]}."
                )
        return "", {}
    remedy = "https://login.example.org/realms/ours, the issuer of your provider."
    parts = split_url(
        "OIDC_URL", url, schemes={"https"} if production else {"http", "https"}, remedy=remedy
    )
    if not parts.hostname:
        raise ImproperlyConfigured(f"OIDC_URL must look like {remedy}")
    name = read_text("OIDC_NAME", default="your organisation’s account")
    app = {
        "provider_id": "sso",
        "name": name,
        "client_id": read_text("OIDC_CLIENT_ID", remedy="The provider gives it to a client."),
        "secret": read_text("OIDC_CLIENT_SECRET", remedy="The provider gives it to a client."),
        # Many issuers end with "/", which goes before the rest (OpenID Connect Discovery 1.0, 4.1).
        "settings": {"server_url": url.rstrip("/")},
    }
    return name, {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
