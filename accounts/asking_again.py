"""Asking somebody who is signed in to show again that it is them, before what harms most."""

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode


def ask_again(request: HttpRequest) -> None:
    """Go on if the password, a code or the passkey was given again within the last minutes.

    Raises ReauthenticationRequired otherwise: the person is asked, and the request goes on then.
    """
    if did_recently_reauthenticate(request):
        return
    if request.method == "POST":
        # allauth goes on with what was posted to an address without a query. `request.GET` is read
        # here, and keeps it.
        request.GET  # noqa: B018 - reading it keeps it
        request.META["QUERY_STRING"] = ""
    raise ReauthenticationRequired


def ask_before(request: HttpRequest) -> HttpResponse | None:
    """Lead to the page that asks, and back; None if the person was asked within the last minutes.

    For pages on which a password is typed: what `ask_again` has to go on with waits in the
    session, and a password is not to be there.
    """
    if did_recently_reauthenticate(request):
        return None
    back = urlencode({"next": request.path})
    return redirect(f"{reverse('account_reauthenticate')}?{back}")
