"""Who is signed in: each sign-in is a row, listed to its person, and ends with it.

A sign-in ends after SIGN_IN_IDLE_SECONDS without a request, after STAFF_SESSION_SECONDS at the
latest, when its person or a change of password or rights ends it. All by real time.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user, logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import SignIn, User
from core import clock

ROW = "sign_in"  # in the session: the key of the row
# Pages of one's own account. Somebody without a second factor gets no other where one is needed.
ACCOUNT_PAGES = "/account/"
NOTED_EVERY = timedelta(minutes=1)
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")


class SignedInMiddleware(AuthenticationMiddleware):
    """Django's own, but `request.user` is nobody once the sign-in has ended."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]  # lazy


def _person(request: HttpRequest) -> User | AnonymousUser:
    if not hasattr(request, "_person"):
        person = _signed_in(request)
        request._person = person  # type: ignore[attr-defined]  # our attribute
        return person
    known: User | AnonymousUser = request._person
    return known


def _signed_in(request: HttpRequest) -> User | AnonymousUser:
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    sign_in = SignIn.objects.filter(pk=request.session.get(ROW, 0), user=user).first()
    now = clock.wall_now()
    if sign_in is None or has_ended(sign_in, at=now):
        end(sign_in)
        request._person = AnonymousUser()  # type: ignore[attr-defined]  # logout asks who it is
        logout(request)
        return AnonymousUser()
    if sign_in.last_used_at < now - NOTED_EVERY:
        SignIn.objects.filter(pk=sign_in.pk).update(last_used_at=now)
    request.sign_in = sign_in  # type: ignore[attr-defined]  # our attribute
    if needs_second_factor(sign_in) and not request.path.startswith(ACCOUNT_PAGES):
        return AnonymousUser()
    return user


def has_ended(sign_in: SignIn, *, at: datetime) -> bool:
    idle = timedelta(seconds=settings.SIGN_IN_IDLE_SECONDS)
    longest = timedelta(seconds=settings.STAFF_SESSION_SECONDS)
    return at >= sign_in.last_used_at + idle or at >= sign_in.began_at + longest


def needs_second_factor(sign_in: SignIn) -> bool:
    return settings.SECOND_FACTOR_REQUIRED and not sign_in.second_factor


def sign_in_of(request: HttpRequest) -> SignIn | None:
    """Return the sign-in of the request, also of somebody who has no second factor yet."""
    request.user.is_authenticated  # noqa: B018 - reads the session
    return getattr(request, "sign_in", None)


def begin(request: HttpRequest, user: User, *, second_factor: bool, at: datetime) -> SignIn:
    """Note a sign-in that Django's `login` has just made."""
    sign_in = SignIn.objects.create(
        user=user,
        began_at=at,
        last_used_at=at,
        browser=browser_in_words(request.headers.get("User-Agent", "")),
        second_factor=second_factor,
    )
    request.session[ROW] = sign_in.pk
    request.sign_in = sign_in  # type: ignore[attr-defined]  # our attribute
    return sign_in


def end(sign_in: SignIn | None) -> None:
    if sign_in is not None:
        sign_in.delete()


def end_here(request: HttpRequest) -> None:
    """End the sign-in of this browser, whoever's it is: somebody signs in anew."""
    SignIn.objects.filter(pk=request.session.get(ROW, 0)).delete()


def end_others(sign_in: SignIn) -> int:
    """End the other sign-ins of the same person; return how many."""
    return SignIn.objects.filter(user=sign_in.user_id).exclude(pk=sign_in.pk).delete()[0]


def delete_ended(*, at: datetime) -> int:
    idle = timedelta(seconds=settings.SIGN_IN_IDLE_SECONDS)
    return SignIn.objects.filter(last_used_at__lte=at - idle).delete()[0]


def browser_in_words(user_agent: str) -> str:
    """Return for instance `Firefox on Windows`, by which people know their own browser."""
    browser = next((name for name in BROWSERS if f"{name}/" in user_agent), "")
    system = next((name for name in SYSTEMS if name in user_agent), "")
    named = NAMES.get(browser, browser) or _("Another browser")
    if not system:
        return named
    return _("%(browser)s on %(system)s") % {"browser": named, "system": system}
