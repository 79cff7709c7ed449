"""The server's clock for pages that stay open."""

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from submissions import clock
from submissions.models import Call


@require_safe
def time_left(request: HttpRequest, slug: str) -> JsonResponse:
    """Return `now` and `closes_at` (ISO 8601, UTC), the closing time in words, and the state.

    `state` is "before", "open", "grace" or "closed". One query; nothing is cached.
    """
    now = clock.now()
    call = get_object_or_404(
        Call.objects.only("opens_at", "closes_at", "grace_minutes", "timezone"), slug=slug
    )
    if now < call.opens_at:
        state = "before"
    elif call.is_open_at(now):
        state = "open"
    else:
        state = "grace" if now < call.grace_ends_at else "closed"
    return JsonResponse(
        {
            "now": now.isoformat(),
            "closes_at": call.closes_at.isoformat(),
            "closes_in_words": call.closes_in_words,
            "state": state,
        }
    )
