"""Each page is in the language of its call, or else in the portal's."""

import re
from collections.abc import Callable

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from submissions.calls.models import Call

# By slug, the language of each call that this process has read: for pages in an outage.
_last_known: dict[str, str] = {}
PAGE_OF_CALL = re.compile("/calls/(?P<slug>[-a-zA-Z0-9_]+)/")


class LanguageOfCallMiddleware:
    """Use a call's language on all its pages. Settings leave this out if there is one language.

    Not the browser's: the questions are in the call's words, and a page in two languages at
    once would be read aloud with the wrong voice (WCAG 2.2, 3.1.2).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(_language_of(request.path_info)):
            return self.get_response(request)


def _language_of(path: str) -> str:
    """Return the language of the call to which the page belongs, even where there is no such page.

    A link that was copied in part leads to none.
    """
    if found := PAGE_OF_CALL.match(path):
        slug = found["slug"]
        try:
            call = Call.objects.only("language").filter(slug=slug).first()
        except OperationalError:
            # The page itself meets the outage, and gives back what was typed.
            return _last_known.get(slug, settings.PORTAL_LANGUAGE)
        if call is not None:
            _last_known[slug] = call.spoken_language
            return call.spoken_language
    return settings.PORTAL_LANGUAGE
