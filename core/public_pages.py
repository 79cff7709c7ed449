"""Pages that say the same to everybody: browsers may keep them, and they go out compressed.

Whoever goes back to one sees it at once, from the browser's memory; that needs a page without
`no-store` (core/security_headers.py). Compression tells the length of what repeats: a page that has
a secret beside text that somebody else can choose would lose it letter by letter (BREACH). On these
pages there is neither. The token against forged requests is another one in each page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

# Whoever shares a computer, or a proxy, is asked again; the browser's memory for going back is no
# cache in this sense.
KEEPABLE = "private, no-cache"
View = Callable[..., HttpResponse]


def public_page(*, unless: Callable[[HttpRequest], bool] = lambda request: False) -> Callable:
    """Mark a view whose page holds nothing of anybody, bar where `unless` says that it does."""

    def decorate(view: View) -> View:
        @wraps(view)
        def public_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_public = request.method in {"GET", "HEAD"} and not unless(request)
            request.is_public_page = is_public  # type: ignore[attr-defined]  # our attribute
            response = view(request, *args, **kwargs)
            if not is_public:
                return response
            response.headers["Cache-Control"] = KEEPABLE
            return compressed(request, response)

        return public_view

    return decorate


def compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Compress a page on which no secret stands beside what others can put there.

    Django adds up to 100 random bytes, so that lengths tell even less.
    """
    GZipMiddleware(lambda _request: response).process_response(request, response)
    return response
