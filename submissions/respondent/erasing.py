"""Asking us to erase a response, or who gave it: where it is open, or with its receipt."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, spoken_time
from submissions.calls.models import Call
from submissions.mail.tasks import nudge_mail
from submissions.respondent.browser_session import call_or_404
from submissions.respondent.decorators import with_response
from submissions.respondent.forms.erasure_forms import ErasureForm, ReceiptErasureForm
from submissions.respondent.receipt_codes import response_of_receipt
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.waiting import retry_after
from submissions.responses import erasing
from submissions.responses.errors import ErasureRefused, LinkDead
from submissions.responses.models import ErasureRequest, Submission
from submissions.responses.states import ErasureScope, ErasureState


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def erase(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Ask what is to be erased; once it is asked for, say how far that is.

    Where another tab asked for something else first, that request stands, and the page says so.
    """
    asked = erasing.open_request(current.submission)
    lapsed = asked is not None and erasing.is_unconfirmed(asked, current.received_at)
    if lapsed:
        asked = None
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        scope = ErasureScope(form.cleaned_data["scope"])
        with suppress(ErasureRefused), transaction.atomic():  # erased meanwhile: the page says so
            asked = erasing.ask(submission=current.submission, scope=scope, at=current.received_at)
            nudge_mail()
        if asked is None or asked.scope == scope:
            return redirect("erase", slug=current.call.slug)
    context = current.template_context(
        form=form,
        errors=form.error_summary,
        request_asked=asked,
        lapsed=lapsed,
        wanted_other=form.is_bound and form.is_valid(),
        stopped="stopped" in request.GET and _last_if(ErasureState.WITHDRAWN, current.submission),
        refused=_last_if(ErasureState.REFUSED, current.submission),
        due=_say_due(
            asked.due_at if asked else erasing.due_after(current.received_at), current.call
        ),
        confirm_before=asked
        and spoken_time.say_moment(erasing.confirmed_before(asked), current.call.timezone),
        hours=erasing.CONFIRM_WITHIN_HOURS,
    )
    status = (409 if form.is_valid() else 422) if form.is_bound else 200
    return render(request, "responses/erase.html", context, status=status)


def _last_if(state: ErasureState, submission: Submission) -> ErasureRequest | None:
    """Return the last request if it is in this state: a page may be loaded again later."""
    last = submission.erasures.order_by("pk").last()
    return last if last is not None and last.state == state else None


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def stop(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Withdraw the request, until it is carried out."""
    asked = erasing.open_request(current.submission)
    if request.method == "POST" and asked is not None:
        with transaction.atomic():
            erasing.withdraw_request(asked, at=current.received_at)
            nudge_mail()
    return redirect(f"{reverse('erase', args=[current.call.slug])}?stopped")


@require_http_methods(["GET", "HEAD", "POST"])
def erase_by_receipt(request: HttpRequest, slug: str) -> HttpResponse:
    """Let somebody with the author's own receipt ask, who cannot open the response any more."""
    call = call_or_404(slug)
    form = ReceiptErasureForm(request.POST if request.method == "POST" else None, call=call)
    context = {"call": call, "form": form}
    if not form.is_bound:
        return render(request, "calls/erase.html", context)
    wait = timedelta(0)
    if form.is_valid():
        wait = _ask_by_receipt(request, call, form)
        if form.is_valid():
            nudge_mail()
            return redirect("erase_asked", slug=slug)
    context["errors"] = form.error_summary
    response = render(request, "calls/erase.html", context, status=429 if wait else 422)
    return retry_after(response, wait) if wait else response


def _ask_by_receipt(request: HttpRequest, call: Call, form: ReceiptErasureForm) -> timedelta:
    """Ask if the receipt is the author's, else add an error to the form.

    Return how long to wait where that was tried too often.
    """
    submission, wait = response_of_receipt(request, call, form)
    if submission is None:
        return wait
    scope = ErasureScope(form.cleaned_data["scope"])
    try:
        request_open = erasing.ask(submission=submission, scope=scope, at=clock.portal_now())
    except ErasureRefused:
        form.add_error("reference", _("This response was erased already"))
    else:
        if request_open.scope != scope:
            already = _(
                "You have already asked us to erase something else. Ask again once that is done"
            )
            form.add_error("scope", already)
    return wait


@require_safe
def asked(request: HttpRequest, slug: str) -> HttpResponse:
    call = call_or_404(slug)
    due = _say_due(erasing.due_after(clock.portal_now()), call)
    context = {"call": call, "due": due, "hours": erasing.CONFIRM_WITHIN_HOURS}
    return render(request, "calls/erase_asked.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def erasure_link(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button that confirms the request. Mail scanners follow links: a GET does nothing."""
    call, at = call_or_404(slug), clock.portal_now()
    try:
        if request.method == "POST":
            found = erasing.confirm(call=call, token=token, at=at)
        else:
            found = erasing.look_up(call=call, token=token, at=at)
    except LinkDead:
        return render(request, "calls/erasure_dead.html", {"call": call}, status=410)
    context = {"call": call, "asked": found, "token": token, "due": _say_due(found.due_at, call)}
    return render(request, "calls/erasure_link.html", context)


def _say_due(due_at: datetime, call: Call) -> str:
    return spoken_time.say_day(due_at, call.timezone)
