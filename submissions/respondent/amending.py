"""Reopen a submitted response, discard its changes, or withdraw it."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import spoken_time
from submissions.mail.tasks import nudge_mail
from submissions.respondent.decorators import with_response
from submissions.respondent.receipts import submitted_page
from submissions.respondent.response_context import ResponseContext, current_response
from submissions.respondent.wrong_clock import page_if_clock_is_wrong
from submissions.responses import amending
from submissions.responses.errors import CallNotOpen, NotSubmitted, ResponseWithdrawn


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def amend(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Reopen the submitted response; the submitted version counts until the next one."""
    if request.method == "POST":
        try:
            amending.reopen(submission=current.submission, at=current.received_at)
        except NotSubmitted:
            return redirect("response", slug=current.call.slug)
        except ResponseWithdrawn:
            return redirect("submitted", slug=current.call.slug)
        except CallNotOpen:
            # The call may have changed while this waited for a lock.
            now = current_response(request, current.call.slug) or current
            return submitted_page(request, now, tried_to_change=True)
        return redirect("response", slug=current.call.slug)
    return redirect("response" if current.has_working_copy else "submitted", slug=current.call.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def discard(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Ask for confirmation, then discard the changes; after closing too."""
    version = current.submission.current_version
    if not current.is_amending or version is None:
        return redirect("response", slug=current.call.slug)
    if request.method == "POST":
        try:
            amending.discard_changes(submission=current.submission, at=current.received_at)
        except ResponseWithdrawn:
            return redirect("submitted", slug=current.call.slug)
        return redirect(f"{reverse('submitted', args=[current.call.slug])}?discarded=1")
    context = current.template_context(
        version=version,
        received=spoken_time.say_exactly(version.received_at, current.call.timezone),
    )
    return render(request, "responses/discard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def withdraw(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Ask for confirmation, then withdraw the response; after closing say how to ask for it."""
    if current.submission.is_draft:
        return redirect("response", slug=current.call.slug)
    if current.is_withdrawn:
        return redirect("submitted", slug=current.call.slug)
    if request.method == "POST":
        if refusal := page_if_clock_is_wrong(request, current.call, current.submission):
            return refusal
        try:
            with transaction.atomic():
                amending.withdraw(submission=current.submission, at=current.received_at)
                nudge_mail()
        except CallNotOpen:
            return render(
                request, "responses/withdraw.html", current.template_context(tried=True), status=403
            )
        return redirect("submitted", slug=current.call.slug)
    context = current.template_context(has_changes=current.is_changed)
    return render(request, "responses/withdraw.html", context)
