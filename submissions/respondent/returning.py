"""Leaving a response and coming back to it, here or on another device."""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, spoken_time
from core.addresses import comparable
from core.posted_from import posted_from
from core.security_headers import clear_kept_pages
from core.throttling import TRIES_OF_A_CLIENT, client_wait, wait_before
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.respondent import browser_session
from submissions.respondent.browser_session import call_or_404, response_in_session
from submissions.respondent.decorators import with_response
from submissions.respondent.forms.return_forms import AddressForm, ReceiptAddressForm
from submissions.respondent.put_away import about_put_away
from submissions.respondent.receipt_codes import response_of_receipt
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.waiting import retry_after, say_tried_often, say_when
from submissions.responses import returning
from submissions.responses.addresses import address_to_come_back_by, known_address
from submissions.responses.confirmed_addresses import enqueue_copy
from submissions.responses.errors import LinkDead
from submissions.responses.models import Submission

# Seconds that an answer takes, whether or not the address is known.
ANSWERED_AFTER = 0.4
LINKS_TO_AN_ADDRESS = 5  # an hour
LINK_HOURS = int(returning.LINK_LASTS.total_seconds() // 3600)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def leave(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Offer a link by email to somebody who leaves the response.

    After an answer that leads to a page of help, no address is asked for.
    """
    if current.colleague is not None:
        context = current.template_context(saved=_has_saved(request, current))
        return render(request, "sharing/leave.html", context)
    if current.help_address:
        return redirect(current.help_address)
    known = known_address(current.submission, current.call, current.answers)
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"email": known})
    if form.is_bound and form.is_valid():
        return _send_link(request, current, form)
    context = current.template_context(
        form=form,
        errors=form.error_summary,
        known=known,
        sent="sent" in request.GET
        and returning.is_link_on_its_way(
            submission=current.submission, address=known, at=current.received_at
        ),
        saved=_has_saved(request, current),
        hours=LINK_HOURS,
        last_saved=spoken_time.say_moment(current.submission.saved_at, current.call.timezone),
    )
    return render(request, "responses/leave.html", context, status=422 if form.is_bound else 200)


def _has_saved(request: HttpRequest, current: ResponseContext) -> bool:
    """Return whether to say that it is saved: not on a page that is older than its submission."""
    return "saved" in request.GET and current.has_working_copy


def _send_link(request: HttpRequest, current: ResponseContext, form: AddressForm) -> HttpResponse:
    address = form.cleaned_data["email"]
    wait = client_wait(request, "leave", most=TRIES_OF_A_CLIENT) or _send_links_to(
        current.submission, address, at=current.received_at
    )
    if not wait:
        return redirect(f"{reverse('leave', args=[current.call.slug])}?sent=1")
    said = _("We have sent several links already. %(when)s") % {"when": say_when(wait)}
    form.add_error("email", said)
    context = current.template_context(
        form=form, errors=form.error_summary, known=address, sent=False, hours=LINK_HOURS
    )
    return retry_after(render(request, "responses/leave.html", context, status=429), wait)


def _send_links_to(submission: Submission, address: str, *, at: datetime) -> timedelta:
    """Send a link, and later ones, to the address; return how long to wait if it had enough."""
    wait = _wait_before_link_to(address)
    if wait:
        return wait
    with transaction.atomic():
        if returning.send_links_to(submission=submission, address=address, at=at):
            nudge_mail()
            return timedelta(0)
    return returning.wait_before_link(submission=submission, at=at)


def _wait_before_link_to(address: str) -> timedelta:
    """Count an email with a link to the address; return how long it has to wait for it."""
    return wait_before("link-to", comparable(address), most=LINKS_TO_AN_ADDRESS)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a link for each response of an address; the page says the same if there is none."""
    began = time.monotonic()
    at = clock.portal_now()
    call = call_or_404(slug)
    form = AddressForm(request.POST if request.method == "POST" else None)
    most = returning.RESPONSES_AT_ONCE
    context = {"call": call, "form": form, "hours": LINK_HOURS, "most": most}
    if not form.is_bound:
        return render(request, "calls/return.html", context)
    if not form.is_valid():
        context["errors"] = form.error_summary
        return render(request, "calls/return.html", context, status=422)
    wait = client_wait(request, "return", most=TRIES_OF_A_CLIENT)
    if wait:
        form.add_error("email", say_tried_often(wait))
        context["errors"] = form.error_summary
        return retry_after(render(request, "calls/return.html", context, status=429), wait)
    address = form.cleaned_data["email"]
    # Who asks is not told that an address had enough: somebody else may have asked for it.
    if not _wait_before_link_to(address):
        returning.enqueue_links(call=call, address=address, at=at)
    nudge_mail()
    time.sleep(max(0.0, began + ANSWERED_AFTER - time.monotonic()))
    return redirect("return_sent", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def give_address(request: HttpRequest, slug: str) -> HttpResponse:
    """Let somebody with the receipt of a response name another address for its links."""
    call = call_or_404(slug)
    form = ReceiptAddressForm(request.POST if request.method == "POST" else None, call=call)
    context = {"call": call, "form": form}
    if not form.is_bound:
        return render(request, "calls/return_address.html", context)
    wait = timedelta(0)
    if form.is_valid():
        wait = _give_address(request, call, form)
        if form.is_valid():
            return redirect("return_sent", slug=slug)
    context["errors"] = form.error_summary
    status = 429 if wait else 422
    response = render(request, "calls/return_address.html", context, status=status)
    return retry_after(response, wait) if wait else response


def _give_address(request: HttpRequest, call: Call, form: ReceiptAddressForm) -> timedelta:
    """Take the address if the receipt is the author's, else add an error to the form.

    Return how long to wait where that was tried too often.
    """
    submission, wait = response_of_receipt(request, call, form)
    if submission is None:
        return wait
    wait = _send_links_to(submission, form.cleaned_data["email"], at=clock.portal_now())
    if wait:
        form.add_error("email", say_tried_often(wait))
    return wait


@require_safe
def link_sent(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    context = {
        "call": call,
        "hours": LINK_HOURS,
        "of_response": returning.LINKS_AN_HOUR,
        "to_address": LINKS_TO_AN_ADDRESS,
    }
    return render(request, "calls/return_sent.html", context)


@require_safe
def show_link(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button for the response. Mail scanners follow links, so a GET uses nothing up."""
    at = clock.portal_now()
    call = call_or_404(slug)
    try:
        submission = returning.look_up_link(call=call, token=token, at=at)
    except LinkDead:
        return _dead_link_page(request, call)
    open_here = response_in_session(request, call.slug)
    context = {
        "call": call,
        "submission": submission,
        "token": token,
        "days": browser_session.HELD_DAYS,
        **about_put_away(open_here if open_here != submission else None, call),
        "saved": spoken_time.say_moment(submission.saved_at, call.timezone),
    }
    return render(request, "calls/return_open.html", context)


@posted_from("return", "slug")
def open_link(request: HttpRequest, slug: str) -> HttpResponse:
    """Use up the link: this browser opens the response from now on, under a new session key."""
    at = clock.portal_now()
    call = call_or_404(slug)
    try:
        submission = returning.use_link(call=call, token=request.POST.get("token", ""), at=at)
    except LinkDead:
        return _dead_link_page(request, call)
    enqueue_copy(submission=submission, token=request.POST["token"], at=at)
    nudge_mail()
    request.session.cycle_key()
    browser_session.remember(request, submission, call)
    return redirect(_home_of(submission), slug=slug)


def _home_of(submission: Submission) -> str:
    return "response" if submission.has_working_copy else "submitted"


def _dead_link_page(request: HttpRequest, call: Call) -> HttpResponse:
    submission = response_in_session(request, call.slug)
    context = {
        "call": call,
        "submission": submission,
        "home": reverse(_home_of(submission), args=[call.slug]) if submission else "",
    }
    return render(request, "calls/return_dead.html", context, status=410)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def forget(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Part this browser from the response; ask first if no email address leads back to it."""
    known = address_to_come_back_by(current.submission, current.call, current.answers)
    if current.colleague is not None:
        known = ""  # the author's links lead back, not this person
    if request.method == "POST" and (known or "confirmed" in request.POST):
        browser_session.forget(request, current.call)
        back = _what_leads_back(current, known)
        parted = redirect(f"{reverse('call', args=[current.call.slug])}?forgotten={back}")
        return clear_kept_pages(parted)
    return render(request, "responses/forget.html", current.template_context(known=known))


def _what_leads_back(current: ResponseContext, known: str) -> str:
    """Return what leads back to it: a "link", its "author", the "receipt", "none"; or why nothing
    does: it is "erased", or the call is "closed", so that no colleague gets a new link.
    """
    if current.submission.is_erased:
        return "erased"
    if current.colleague is not None:
        return "author" if current.is_open else "closed"
    if known:
        return "link"
    return "receipt" if current.submission.reference else "none"
