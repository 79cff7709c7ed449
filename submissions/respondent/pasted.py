"""Links that somebody pasted together with what stood after them: a stop, a bracket, a quote."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls.converters import StringConverter
from django.views.decorators.http import require_safe

from core.direction import LEFT_TO_RIGHT_MARK

AFTER_A_LINK = f".,;:!?)]}}>'\"”’»{LEFT_TO_RIGHT_MARK}"


class TokenConverter(StringConverter):
    """A token at the end of a link, without what was pasted after it."""

    def to_python(self, value: str) -> str:
        return value.rstrip(AFTER_A_LINK)


@require_safe
def without_what_follows(_request: HttpRequest, path: str) -> HttpResponse:
    """Lead on to the link itself."""
    return redirect(f"/{path}")
