"""Proof of a response: the confirmation page, the receipt, and the check of a receipt."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core import clock, spoken_time
from core.throttling import TRIES_OF_A_CLIENT, client_wait
from submissions.outbox.states import AddressSource, MailKind
from submissions.respondent.browser_session import call_or_404
from submissions.respondent.decorators import with_response
from submissions.respondent.documents.receipt import receipt_pdf
from submissions.respondent.forms.return_forms import VerifyForm
from submissions.respondent.response_context import ResponseContext
from submissions.respondent.waiting import minutes_of, retry_after, say_tried_often
from submissions.responses.addresses import given_for_links
from submissions.responses.erasing import carried_out, is_unconfirmed
from submissions.responses.models import ErasureRequest, Version
from submissions.responses.models.erasures import OPEN
from submissions.responses.states import ErasureGround, ScanState
from submissions.responses.verifying import checking_code, receipt_code, version_of


@require_safe
@with_response
def submitted(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Show the confirmation of a submitted response, or of its withdrawal."""
    return submitted_page(request, current)


def submitted_page(
    request: HttpRequest, current: ResponseContext, *, tried_to_change: bool = False
) -> HttpResponse:
    """Show the confirmation; say that the call is not open if somebody `tried_to_change` it."""
    version = current.submission.current_version
    if current.submission.is_erased:
        return _erased_page(request, current, version)
    if version is None:
        return redirect("response", slug=current.call.slug)
    submission, zone = current.submission, current.call.timezone
    version.submission = submission
    submitted_at = submission.submitted_at or version.received_at
    context = current.template_context(
        version=version,
        **_state_of_mail(version),
        receipt_code=receipt_code(version),
        checking_code=checking_code(version),
        received=spoken_time.say_exactly(version.received_at, zone),
        first_received=spoken_time.say_exactly(submitted_at, zone),
    )
    asked = list(submission.erasures.all())
    erased = [request for request in asked if request.erased_at]
    context["forgotten"] = any(request.is_about_identity for request in erased)
    context["files_ended"] = any(request.is_about_files for request in erased)
    if submission.withdrawn_at is not None:
        context["withdrawn"] = spoken_time.say_exactly(submission.withdrawn_at, zone)
        context["changes"] = current.has_changes
        return render(request, "responses/withdrawn.html", context)
    context["erasure"] = any(
        request.state in OPEN and not is_unconfirmed(request, current.received_at)
        for request in asked
    )
    infected = version.attachments.filter(scan__state=ScanState.INFECTED)
    context["infected"] = list(infected.values_list("name", flat=True))
    context["tried_to_change"] = tried_to_change
    context["has_changes"] = current.is_changed
    # A page that was kept, or is loaded again, may be older than what counts now.
    context["unchanged"] = request.GET.get("unchanged") == str(version.number)
    context["discarded"] = "discarded" in request.GET and submission.saved_at >= version.received_at
    status = 403 if tried_to_change else 200
    return render(request, "responses/submitted.html", context, status=status)


def _erased_page(
    request: HttpRequest, current: ResponseContext, version: Version | None
) -> HttpResponse:
    """Say when and why the response was erased, and what is kept of it."""
    zone = current.call.timezone
    context = current.template_context(
        version=version,
        checking_code=version and checking_code(version),
        received=version and spoken_time.say_exactly(version.received_at, zone),
        **_said_of(carried_out(current.submission), zone),
    )
    return render(request, "responses/erased.html", context)


def _said_of(erasure: ErasureRequest | None, zone: str) -> dict[str, Any]:
    if erasure is None or erasure.erased_at is None:
        return {}
    return {
        "erased": spoken_time.say_day(erasure.erased_at, zone),
        "by_author": erasure.ground == ErasureGround.AUTHOR,
    }


def _state_of_mail(version: Version) -> dict[str, Any]:
    """Return the state of the last mail that said what this page says to its author.

    With it come its address, and the minutes until it goes out, where it has to wait.
    """
    mails = version.mails.filter(
        address_given_by=AddressSource.AUTHOR,
        kind__in=[MailKind.CONFIRMATION, MailKind.AMENDED, MailKind.WITHDRAWN],
    )
    last = mails.order_by("-pk").values_list("state", "next_attempt_at", "to_address").first()
    if last is None:
        # One may have been given since, for a link.
        return {"mail": None, "gave_address": bool(given_for_links(version.submission))}
    state, due, address = last
    wait = due - clock.wall_now() if due is not None else timedelta(0)
    return {
        "mail": state,
        "mail_address": address,
        "mail_minutes": minutes_of(max(wait, timedelta(0))),
    }


@require_safe
@with_response
def receipt(request: HttpRequest, current: ResponseContext) -> HttpResponse:
    """Return the receipt with the answers as a tagged PDF."""
    version = current.submission.current_version
    if version is None:
        return redirect("response", slug=current.call.slug)
    version.submission = current.submission
    response = HttpResponse(receipt_pdf(version, current.call), content_type="application/pdf")
    name = f"{current.submission.reference}-{version.number}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whether what a receipt has belongs together, whether there is a newer version, whether
    the response was erased, and nothing else.

    Without the checking code an unknown reference, a wrong digest and one that somebody may have
    guessed get the same answer.
    """
    call = call_or_404(slug)
    context = {"call": call, "is_open": call.is_open_at(clock.portal_now())}
    form = VerifyForm(request.POST if request.method == "POST" else None, call=call)
    status = 200
    wait = client_wait(request, "verify", most=TRIES_OF_A_CLIENT) if form.is_bound else timedelta(0)
    if wait:
        form.add_error(None, say_tried_often(wait))
        context["errors"] = [(message, "id_reference") for message in form.non_field_errors()]
        status = 429
    elif form.is_bound and form.is_valid():
        context["asked"] = form.cleaned_data
        found = version_of(call, **form.cleaned_data)
        context["together"] = found is not None
        context["is_old"] = found and found.pk != found.submission.current_version_id
        if found is not None and found.submission.is_erased:
            context |= _said_of(carried_out(found.submission), call.timezone)
    elif form.is_bound:
        context["errors"] = form.error_summary
        status = 422
    response = render(request, "calls/verify.html", context | {"form": form}, status=status)
    return retry_after(response, wait) if wait else response
