"""Addresses that only a button posts to: whoever opens one is led to the page with the button."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

View = Callable[..., HttpResponseBase]


def posted_from(page: str, *names: str) -> Callable[[View], View]:
    """Let a view take POSTs alone; `names` are parts of its address that its page has, too.

    Nothing is done on a GET, which may be of a bookmark or of the browser's history.
    """

    def taking_posts(view: View) -> View:
        taken: View = require_POST(view)

        @wraps(view)
        def led(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            match = request.resolver_match
            if request.method in {"GET", "HEAD"} and match is not None:
                return redirect(page, **{name: match.kwargs[name] for name in names})
            return taken(request, *args, **kwargs)

        return led

    return taking_posts


def led_to_its_page(request: HttpRequest) -> HttpResponse:
    """Lead from the address of a button in the admin to the page of the row that has it.

    Somebody whose sign-in has ended presses the button, signs in again, and comes here.
    """
    row = request.resolver_match.kwargs["pk"] if request.resolver_match else ""
    above = request.path.partition(f"/{row}/")[0]
    return redirect(f"{above}/{row}/change/")
