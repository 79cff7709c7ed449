"""Addresses that only a button posts to: whoever opens one is led to the page with the button."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
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
