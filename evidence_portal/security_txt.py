"""/.well-known/security.txt: where to report a hole (RFC 9116)."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import clock

LASTS = timedelta(days=90)  # RFC 9116 recommends less than a year


@require_safe
def security_txt(_request: HttpRequest) -> HttpResponse:
    """Name SECURITY_CONTACT; without one there is no such page."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = (clock.wall_now() + LASTS).replace(microsecond=0)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.PORTAL_URL}{reverse('security_txt')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
