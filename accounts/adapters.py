"""How django-allauth signs people in here: without sign-up, in our words, with our limits."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import sign_in_record, signed_in, tries
from accounts.landing import landing_page
from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from core.addresses import clean_address, comparable, is_address
from core.ciphers import cipher
from core.throttling import client_address

logger = logging.getLogger(__name__)
FRESH_SECONDS = 600
AT_PROVIDER = "organisation account"  # in the record, beside `password` and `code`
SECOND_FACTORS = "accounts.second_factors"  # what their secrets are encrypted under


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": gettext_lazy("The code is wrong. Type the one that is shown now"),
        "incorrect_password": gettext_lazy("The password is wrong"),
    }

    def login(self, request: HttpRequest, user: Any) -> None:
        signed_in.end_here(request)
        super().login(request, user)
        methods = {given["method"] for given in get_authentication_records(request, user)}
        signed_in.begin(request, user, second_factor="mfa" in methods, at=clock.wall_now())
        record(
            by=user,
            at=clock.portal_now(),
            action=AuditAction.SIGNED_IN,
            second_factor="mfa" in methods,
        )

    def logout(self, request: HttpRequest) -> None:
        signed_in.end_here(request)
        super().logout(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return landing_page(request.user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Refuse somebody who left, whom their organisation still knows."""
        sign_in_record.failed(AT_PROVIDER, user=user, at=clock.portal_now())
        return render(request, "account/not_known.html", status=403)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return [*super().get_login_stages(), "accounts.stages.StillTheirs"]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def add_message(self, *_args: Any, **_options: Any) -> None:
        """Say nothing: our pages say what happened."""

    def reauthenticate(self, user: Any, password: str) -> bool:
        name = user.get_username()
        with limited("password again", user, what="password asked again"):
            if authenticate(context.request, username=name, password=password) != user:
                raise self.validation_error("incorrect_password")
        return True

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Ask again, but not for one's second factor within minutes of signing in.

        Nor is anybody asked who has neither a password nor, so far, a second factor.
        """
        request = context.request
        sign_in = signed_in.sign_in_of(request)
        if app == "allauth.mfa" and sign_in is not None:
            age = (clock.wall_now() - sign_in.began_at).total_seconds()
            return age > FRESH_SECONDS and bool(self.get_reauthentication_methods(request.user))
        return super().is_reauthentication_required(app=app, **options)


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        # The same for a recovery code that was used: nobody learns whether it was one.
        "incorrect_code": gettext_lazy(
            "The code is wrong. Type the one that your app shows now, or a recovery code that you "
            "have not used yet: each works once"
        ),
    }

    def get_totp_issuer(self) -> str:
        return f"Evidence portal ({settings.PORTAL_HOST})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": str(settings.PORTAL_HOST), "name": "Evidence portal"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - its name
        """Return a name that no other passkey of the user has, so that each can be told apart."""
        taken = {one.wrap().name for one in Authenticator.objects.filter(user=user, type=type)}
        names = (_("Passkey %(number)s") % {"number": number} for number in count(2))
        return next(name for name in chain([_("Passkey")], names) if name not in taken)

    def encrypt(self, text: str) -> str:
        return cipher(SECOND_FACTORS).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was encrypted; refuses the code if its key is not known any more."""
        try:
            return cipher(SECOND_FACTORS).decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise self.validation_error("incorrect_code") from None


class SocialAdapter(DefaultSocialAccountAdapter):
    """People of an OpenID Connect provider who have an account here already, by their address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Any:
        """Know an account by its issuer, too, and keep nothing else that the provider says.

        Another provider has other people under the same identifiers (OpenID Connect Core 1.0, 5.7).
        """
        account = sociallogin.account
        claims = account.extra_data.get("id_token") or {}
        userinfo = account.extra_data.get("userinfo") or {}
        if "email_verified" not in userinfo and _says_verified(claims):
            of_token = comparable(str(claims.get("email")))
            for known in sociallogin.email_addresses:
                known.verified |= comparable(known.email) == of_token
        issuer = claims.get("iss") or account.get_provider(request).app.settings["server_url"]
        account.uid = hashlib.sha256(f"{issuer} {account.uid}".encode()).hexdigest()
        account.extra_data = {}
        return super().populate_user(request, sociallogin, data)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in whom the provider knows by the verified address of an account; no other.

        The user is locked: an administrator may be changing the address, which ends such links, and
        allauth writes the whole row.
        """
        if sociallogin.is_existing:
            return
        verified = [
            comparable(clean_address(known.email))
            for known in sociallogin.email_addresses
            if known.verified and is_address(known.email)
        ]
        people = User.objects.annotate(address=Lower("email")).filter(is_active=True)
        with transaction.atomic():
            locked = people.filter(address__in=verified).select_for_update(no_key=True)
            found = list(locked[:2])
            if len(found) == 1:
                sociallogin.connect(request, found[0])
                return
        if not verified:
            logger.warning("sign-in: the provider does not say that an address is verified")
        sign_in_record.failed(AT_PROVIDER, user=None, at=clock.portal_now())
        raise ImmediateHttpResponse(render(request, "account/not_known.html", status=403))

    def on_authentication_error(
        self, request: HttpRequest, *_args: Any, exception: Any = None, **_options: Any
    ) -> None:
        if exception is not None:
            reason = type(exception.__cause__ or exception).__name__
            logger.warning("sign-in: the provider's answer cannot be used: %s", reason)
        raise ImmediateHttpResponse(render(request, "account/openid_failed.html", status=403))


def _says_verified(claims: dict[str, Any]) -> bool:
    """Return whether an ID token says that its address is verified.

    Microsoft Entra has no `email_verified`. It says `xms_edov`, as a Boolean or a string, of an
    address whose domain the organisation has shown to be its own.
    """
    said = claims.get("email_verified", claims.get("xms_edov"))
    return str(said).lower() in {"true", "1"}


@contextmanager
def limited(kind: str, user: User, *, what: str) -> Iterator[None]:
    """Count a try of this person from this client; record one that is refused, as `what`.

    Raises ValidationError while a pause lasts.
    """
    account = tries.of_account(kind, user.get_username())
    client = tries.of_client(kind, client_address(context.request))
    wait = tries.count_try(account, client, at=clock.wall_now())
    if wait:
        raise ValidationError(paused_in_words(tries.wait_in_words(wait)), code="paused")
    try:
        yield
    except ValidationError:
        sign_in_record.failed(what, user=user, at=clock.portal_now())
        raise
    tries.went_right(account=account, client=client)


def refuse_used(user: User, code: str) -> None:
    """Refuse a code that another process took: allauth remembers them in each process."""
    digits = "".join(filter(str.isalnum, code.lower()))  # what allauth compares
    if not tries.is_first_use(tries.of_code(user.pk, digits), at=clock.wall_now()):
        raise MFAAdapter().validation_error("incorrect_code")


def paused_in_words(wait: str) -> str:
    return _("There were several wrong tries. Wait %(wait)s, then try again") % {"wait": wait}
