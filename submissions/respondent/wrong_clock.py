"""The page that refuses whatever a deadline decides, while this server's clock is wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import clock_check
from submissions.calls.models import Call
from submissions.responses.models import Submission

TRY_AGAIN_AFTER = 60  # seconds


def page_if_clock_is_wrong(
    request: HttpRequest, call: Call, submission: Submission | None = None
) -> HttpResponse | None:
    """Return the page (503) that nothing is taken now; None if the clock can judge a deadline.

    Saving goes on: a draft is kept whatever the time.
    """
    return wrong_clock_page(request, call, submission) if clock_check.is_wrong() else None


def wrong_clock_page(
    request: HttpRequest, call: Call, submission: Submission | None = None
) -> HttpResponse:
    context = {"call": call, "submission": submission}
    response = render(request, "refusals/wrong_clock.html", context, status=503)
    response["Retry-After"] = str(TRY_AGAIN_AFTER)
    return response
