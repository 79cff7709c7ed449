"""Leaving a response and coming back to it, here or on another device."""

import time

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock, spoken_time
from core.throttling import client_may_try, may_try
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.respondent.browser_session import call_or_404, hold, response_in_session
from submissions.respondent.browser_session import forget as let_go
from submissions.respondent.forms.return_forms import AddressForm
from submissions.respondent.response_context import (
    ResponseContext,
    current_response,
    no_response_page,
)
from submissions.responses import returning
from submissions.responses.errors import LinkDead
from submissions.responses.models import Submission

# Seconds that an answer takes, whether or not the address is known.
ANSWERED_AFTER = 0.4
LINKS_TO_AN_ADDRESS = 5  # an hour
LINK_HOURS = int(returning.LINK_LASTS.total_seconds() // 3600)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer a link by email to whoever leaves; nobody has to take one."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    known = returning.known_address(held.submission, held.call, held.answers)
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"email": known})
    if form.is_bound and form.is_valid():
        return _send_link(request, held, form)
    context = held.context(
        form=form,
        errors=form.error_summary,
        known=known,
        sent="sent" in request.GET,
        saved="saved" in request.GET,
        hours=LINK_HOURS,
        last_saved=spoken_time.say_moment(held.submission.saved_at, held.call.timezone),
    )
    return render(request, "responses/leave.html", context, status=422 if form.is_bound else 200)


def _send_link(request: HttpRequest, held: ResponseContext, form: AddressForm) -> HttpResponse:
    address, submission = form.cleaned_data["email"], held.submission
    owed = client_may_try(request, "leave") and _may_be_sent_a_link(address)
    with transaction.atomic():
        returning.remember_address(submission=submission, address=address, at=held.received_at)
        owed = owed and returning.owe_link(
            submission=submission, address=address, at=held.received_at
        )
        transaction.on_commit(nudge_mail, robust=True)
    if owed:
        return redirect(f"{reverse('leave', args=[held.call.slug])}?sent=1")
    form.add_error("email", _("Several links have been sent there. Wait an hour, then try again"))
    context = held.context(
        form=form, errors=form.error_summary, known=address, sent=False, hours=LINK_HOURS
    )
    return render(request, "responses/leave.html", context, status=429)


def _may_be_sent_a_link(address: str) -> bool:
    """Count an email with a link to the address; False once it had enough within the hour."""
    return may_try("link-to", address.casefold(), most=LINKS_TO_AN_ADDRESS)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a link to an address that a response is known by, and say the same if none is."""
    began = time.monotonic()
    at = clock.portal_now()
    call = call_or_404(slug)
    form = AddressForm(request.POST if request.method == "POST" else None)
    context = {"call": call, "form": form, "hours": LINK_HOURS}
    if not form.is_bound:
        return render(request, "calls/return.html", context)
    if not form.is_valid():
        context["errors"] = form.error_summary
        return render(request, "calls/return.html", context, status=422)
    if not client_may_try(request, "return"):
        form.add_error("email", _("You have asked for many links. Wait an hour, then try again"))
        context["errors"] = form.error_summary
        return render(request, "calls/return.html", context, status=429)
    address = form.cleaned_data["email"]
    if _may_be_sent_a_link(address):
        returning.owe_links(call=call, address=address, at=at)
    nudge_mail()
    time.sleep(max(0.0, began + ANSWERED_AFTER - time.monotonic()))
    return redirect("return_sent", slug=slug)


@require_safe
def link_sent(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    return render(request, "calls/return_sent.html", {"call": call, "hours": LINK_HOURS})


@require_safe
def show_link(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button that opens the response. Mail scanners open links: this uses up nothing."""
    at = clock.portal_now()
    call = call_or_404(slug)
    try:
        submission = returning.look_up_link(call=call, token=token, at=at)
    except LinkDead:
        return _dead_link_page(request, call)
    held = response_in_session(request, call)
    context = {
        "call": call,
        "submission": submission,
        "token": token,
        "put_away": held if held is not None and held != submission else None,
        "saved": spoken_time.say_moment(submission.saved_at, call.timezone),
    }
    return render(request, "calls/return_open.html", context)


@require_POST
def open_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Use the link up: from now on this browser holds the response, under a new session key."""
    at = clock.portal_now()
    call = call_or_404(slug)
    try:
        submission = returning.use_link(call=call, token=request.POST.get("token", ""), at=at)
    except LinkDead:
        return _dead_link_page(request, call)
    request.session.cycle_key()
    hold(request, submission, call)
    return redirect(_home_of(submission), slug=slug)


def _home_of(submission: Submission) -> str:
    return "response" if submission.has_working_copy else "submitted"


def _dead_link_page(request: HttpRequest, call: Call) -> HttpResponse:
    held = response_in_session(request, call)
    context = {
        "call": call,
        "held": held,
        "home": reverse(_home_of(held), args=[call.slug]) if held else "",
    }
    return render(request, "calls/return_dead.html", context, status=410)


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest, slug: str) -> HttpResponse:
    """Part this browser from the response; asks first where no address leads back to it."""
    held = current_response(request, slug)
    if held is None:
        return no_response_page(request, slug)
    known = returning.known_address(held.submission, held.call, held.answers)
    if request.method == "POST" and (known or "confirmed" in request.POST):
        let_go(request, held.call)
        return redirect(f"{reverse('call', args=[slug])}?forgotten=1")
    return render(request, "responses/forget.html", held.context(known=known))
