"""The page during an outage: what happens to what was typed, and a button that sends it again."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from core import request_ids
from core.outages import TRY_AGAIN_AFTER, Outage

logger = logging.getLogger(__name__)


def unavailable(
    request: HttpRequest, outage: Outage, lost_edits: list[dict[str, Any]]
) -> HttpResponse:
    """Answer 503 with the request's number, and log one line."""
    is_sent_again = _may_be_sent_again(request)
    context = {
        "number": request_ids.current(),
        "was_sent": request.method == "POST",
        "lost_edits": _worth_copying(lost_edits) if is_sent_again else [],
        "sent": _sent(request) if is_sent_again else [],
        "has_files": bool(request.FILES) if is_sent_again else False,
        "address": request.get_full_path(),
    }
    # Without a request no context processor runs: one of them may be what failed.
    response = HttpResponse(get_template("refusals/outage.html").render(context), status=503)
    response["Retry-After"] = str(TRY_AGAIN_AFTER)
    log(request, outage, response)
    return response


def log(request: HttpRequest, outage: Outage, response: HttpResponse) -> None:
    """Log one line with class, host and reason of the outage that `response` answers to.

    Django would log it again, with a traceback that has nothing more to tell.
    """
    logger.error(
        "no answer to %s %s: %s, %s: %s",
        request.method,
        request.path,
        outage.error,
        outage.host,
        outage.reason,
    )
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log's


def _may_be_sent_again(request: HttpRequest) -> bool:
    """Return whether a page of a response, or an answer to the team, was posted by our own form."""
    match = request.resolver_match
    return (
        request.method == "POST"
        and match is not None
        and ("/response/" in f"/{match.route}" or match.url_name == "follow_up")
        and getattr(request, "csrf_processing_done", False)
    )


def _worth_copying(lost_edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out single words: most are values of choices, and “Send again” has them."""
    several = (edit for edit in lost_edits if len(edit["text"].split()) > 1)
    return [edit | {"label": ""} for edit in several]


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.POST.lists() for text in texts]
