"""Each page is in the language of its call, or else in the portal's."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from submissions.calls.models import Call


class LanguageOfCallMiddleware:
    """Use a call's language on all its pages. Settings leave this out if there is one language.

    Not the browser's: the questions are in the call's words, and a page in two languages at
    once would be read aloud with the wrong voice (WCAG 2.2, 3.1.2).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(settings.PORTAL_LANGUAGE):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, kwargs: dict[str, Any]
    ) -> None:
        if "slug" in kwargs and request.path_info.startswith("/calls/"):
            try:
                call = Call.objects.only("language").filter(slug=kwargs["slug"]).first()
            except OperationalError:
                return  # the page itself meets the outage, and gives back what was typed
            if call is not None:
                translation.activate(call.spoken_language)
