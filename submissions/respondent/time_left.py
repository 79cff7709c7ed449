"""The time left, by the server's clock: in each page, and for the script of an open page."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock, clock_check, spoken_time
from submissions.calls.models import Call
from submissions.respondent.browser_session import call_or_404, holds_responses, response_in_session
from submissions.responses import deadlines
from submissions.responses.errors import CallNotOpen

# From then on the time left stands in sight wherever the page is scrolled to.
LAST_HOUR = timedelta(hours=1)


def time_left_at(call: Call, deadline: datetime, *, now: datetime) -> dict[str, Any]:
    """Return the time left in words, and the deadline as ISO 8601 in UTC and in words.

    `is_soon` is whether the last hour has begun.
    """
    return {
        "words": _("Closes in %(left)s") % {"left": spoken_time.say_left(deadline - now)},
        "closes_at": deadline.isoformat(),
        "closes_in_words": spoken_time.say_moment(deadline, call.timezone),
        "is_soon": deadline - now <= LAST_HOUR,
    }


@require_safe
def time_left(request: HttpRequest, slug: str) -> JsonResponse:
    """Return `state` ("before", "open" or "closed"), `now`, and what `time_left_at` gives.

    The deadline is the one that applies to the response which this browser holds, so a grace
    period or a late pass counts. One query for strangers, at most four for others.
    """
    now = clock_check.corrected(clock.portal_now())
    call = call_or_404(slug)
    deadline = call.closes_at
    submission = None
    if holds_responses(request) and now >= deadline:
        submission = response_in_session(request, call.slug)
    if submission is not None:
        try:
            deadline = deadlines.applicable_deadline(call, submission, at=now).deadline
        except CallNotOpen:
            deadline = call.closes_at
    state = "closed" if now >= deadline else "open" if now >= call.opens_at else "before"
    return JsonResponse(
        {"state": state, "now": now.isoformat(), **time_left_at(call, deadline, now=now)}
    )
