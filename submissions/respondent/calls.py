"""The pages of a call, and the start of a response."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from core import clock, clock_check, spoken_time
from core.accent import accent_rules
from core.posted_from import posted_from
from core.public_pages import public_page
from core.throttling import client_wait, wait_before
from submissions.calls.models import Call
from submissions.respondent.browser_session import (
    call_or_404,
    holds_responses,
    remember,
    response_in_session,
)
from submissions.respondent.documents.questions import questions_pdf, questions_word
from submissions.respondent.effort import effort_in_words
from submissions.respondent.error_pages import too_many
from submissions.respondent.forms.all_questions import reading_of
from submissions.respondent.publication_words import before_answering
from submissions.respondent.steps import first_address
from submissions.respondent.time_left import time_left_at
from submissions.respondent.wrong_clock import page_if_clock_is_wrong
from submissions.responses import drafting
from submissions.responses.addresses import address_to_come_back_by
from submissions.responses.answering import evidence_rule
from submissions.responses.deadlines import applicable_deadline
from submissions.responses.errors import CallNotOpen
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_safe
@public_page()
def home(request: HttpRequest) -> HttpResponse:
    """List the calls, or redirect to the only one."""
    now = clock_check.corrected(clock.portal_now())
    calls = list(Call.objects.order_by("closes_at"))
    if len(calls) == 1:
        return redirect("call", slug=calls[0].slug)
    context = {
        "open_calls": [call for call in calls if call.is_open_at(now)],
        "coming_calls": [call for call in calls if now < call.opens_at],
        "closed_calls": [call for call in reversed(calls) if call.has_closed_at(now)],
    }
    return render(request, "calls/home.html", context)


@require_safe
@public_page(unless=holds_responses)
def call_page(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    return render(request, "calls/call.html", _call_context(request, call))


def _call_context(request: HttpRequest, call: Call) -> dict[str, object]:
    now = clock_check.corrected(clock.portal_now())
    submission = response_in_session(request, call.slug) if holds_responses(request) else None
    return {
        "call": call,
        "is_open": call.is_open_at(now),
        "is_closed": call.has_closed_at(now),
        "has_grace": bool(call.grace_minutes) and now < call.grace_ends_at,
        "still_until": _still_until(call, submission, now),
        "time_left": time_left_at(call, call.closes_at, now=now) if call.is_open_at(now) else None,
        "submission": submission,
        "forgotten": request.GET.get("forgotten", ""),
        "left": "left" in request.GET,
        "deleted": "deleted" in request.GET,
        "about_publication": before_answering(call),
        "evidence_rule": evidence_rule(call),
        "effort": effort_in_words(call),
    }


def _still_until(call: Call, submission: Submission | None, now: datetime) -> str:
    """Return until when an unfinished response can be submitted after closing; "" if it cannot."""
    if submission is None or not submission.has_working_copy or not call.has_closed_at(now):
        return ""
    try:
        deadline = applicable_deadline(call, submission, at=now).deadline
    except CallNotOpen:
        return ""
    return spoken_time.say_moment(deadline, call.timezone)


@require_safe
@public_page(unless=holds_responses)
def all_questions(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    context = _call_context(request, call) | {"sections": reading_of(call)}
    return render(request, "calls/questions.html", context)


@require_safe
def questions_as_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    return _download(questions_pdf, slug, "application/pdf", "pdf")


@require_safe
def questions_as_word(request: HttpRequest, slug: str) -> HttpResponse:
    return _download(questions_word, slug, WORD, "docx")


def _download(
    make: Callable[..., bytes], slug: str, content_type: str, ending: str
) -> HttpResponse:
    call = call_or_404(slug)
    is_closed = call.has_closed_at(clock_check.corrected(clock.portal_now()))
    content = make(call, reading_of(call), is_closed=is_closed)
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{slug}.{ending}"'
    return response


@posted_from("call", "slug")
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft, or go on with this browser's own.

    Ask first if the new one would replace a response that no email address leads back to.
    """
    received_at = clock_check.received(request)
    call = call_or_404(slug)
    earlier = response_in_session(request, call.slug)
    if earlier is not None and earlier.has_working_copy:
        return redirect("response", slug=slug)
    if earlier is not None and "another" not in request.POST:
        return redirect("submitted", slug=slug)
    is_asked_for = "confirmed" in request.POST or not call.is_open_at(received_at)
    if earlier is not None and not earlier.is_erased and not is_asked_for:
        answers = working_answers(earlier, call)
        if not address_to_come_back_by(earlier, call, answers):
            confirm = {"call": call, "submission": earlier}
            return render(request, "responses/another.html", confirm)
    # When a draft was begun decides whether it has the grace period.
    if refusal := page_if_clock_is_wrong(request, call):
        return refusal
    wait = _wait_before_start(request) if call.is_open_at(received_at) else timedelta(0)
    if wait:
        return too_many(request, call, wait)
    try:
        submission = drafting.start(call=call, at=received_at)
    except CallNotOpen:
        context = _call_context(request, call) | {"refused": True}
        return render(request, "calls/call.html", context, status=403)
    remember(request, submission, call)
    return redirect(first_address(call))


def _wait_before_start(request: HttpRequest) -> timedelta:
    """Count a response that is begun; return how long the client has to wait for it."""
    return client_wait(request, "start", most=settings.DRAFTS_OF_CLIENT_PER_HOUR) or wait_before(
        "start", "all", most=settings.DRAFTS_IN_ALL_PER_HOUR
    )


@require_safe
def accent_stylesheet(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the call's colour as the custom properties that the stylesheet reads."""
    call = get_object_or_404(Call.objects.exclude(accent_colour=""), slug=slug)
    response = HttpResponse(accent_rules(call.accent_colour), content_type="text/css")
    response["Cache-Control"] = "public, max-age=3600"
    return response
