"""Changing one's mind: open a submitted response again, give the changes up, withdraw."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import spoken_time
from submissions.mail.tasks import nudge_mail
from submissions.respondent.response_context import current_response, no_response_page
from submissions.responses import amending
from submissions.responses.errors import CallNotOpen, NotSubmitted, ResponseWithdrawn


@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the submitted response again; what was submitted counts until it is replaced."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    if request.method == "POST":
        try:
            amending.reopen(submission=held.submission, at=held.received_at)
        except NotSubmitted:
            return redirect("response", slug=slug)
        except (CallNotOpen, ResponseWithdrawn):
            return redirect("submitted", slug=slug)
        return redirect("response", slug=slug)
    return redirect("response" if held.has_working_copy else "submitted", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the changes up, once that is confirmed; works after closing too."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    if not held.is_amending:
        return redirect("response", slug=slug)
    if request.method == "POST":
        try:
            amending.discard_changes(submission=held.submission, at=held.received_at)
        except ResponseWithdrawn:
            return redirect("submitted", slug=slug)
        return redirect(f"{reverse('submitted', args=[slug])}?discarded=1")
    version = held.submission.current_version
    context = held.context(
        version=version, received=spoken_time.say_exactly(version.received_at, held.call.timezone)
    )
    return render(request, "responses/discard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Withdraw the response, once that is confirmed; after closing, say how to ask for it."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    if held.submission.is_draft:
        return redirect("response", slug=slug)
    if held.is_withdrawn:
        return redirect("submitted", slug=slug)
    if request.method == "POST":
        try:
            with transaction.atomic():
                amending.withdraw(submission=held.submission, at=held.received_at)
                transaction.on_commit(nudge_mail, robust=True)
        except CallNotOpen:
            return render(request, "responses/withdraw.html", held.context(tried=True), status=403)
        return redirect("submitted", slug=slug)
    return render(request, "responses/withdraw.html", held.context())
