"""What the pages of a half-entered response have in common."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls
from core import clock, spoken_time
from submissions.calls.models import Call
from submissions.respondent.response_context import ResponseContext
from submissions.responses.models import Entry
from submissions.responses.states import Channel
from submissions.responses.working_copy import working_answers


def current_of(entry: Entry) -> ResponseContext:
    submission = entry.submission
    answers = working_answers(submission, submission.call)
    return ResponseContext(submission.call, submission, clock.portal_now(), answers)


def render_entry(
    request: HttpRequest,
    admin: OfOwnCalls,
    template: str,
    entry: Entry,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    call = entry.submission.call
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "entry": entry,
        "call": call,
        "came": Channel(entry.submission.channel).in_a_sentence,
        "came_by": entry.submission.get_channel_display(),
        "received": spoken_time.say_exactly(entry.received_at, call.timezone),
        "untimely": _untimely(entry, call),
        **more,
    }
    return TemplateResponse(
        request, f"admin/submissions/entry/{template}.html", context, status=status
    )


def _untimely(entry: Entry, call: Call) -> str:
    """Say why the response cannot be submitted as it came; "" if it came in the call's time."""
    if entry.received_at < call.opens_at:
        return f"It came before the call opened at {call.opens_in_words}: it cannot be submitted."
    if entry.received_at >= call.grace_ends_at:
        return (
            f"It came after the call closed at {call.closes_in_words}: it can be submitted only "
            "with a late pass that was given to its author’s address before it came."
        )
    return ""
