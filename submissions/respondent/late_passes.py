"""Where links in emails lead: using a late pass, and stopping reminders."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import clock, clock_check, spoken_time
from submissions.mail import reminding
from submissions.respondent.browser_session import call_or_404, remember, response_in_session
from submissions.responses import amending, late_passes
from submissions.responses.errors import CallNotOpen, LinkDead, ResponseWithdrawn


@require_http_methods(["GET", "HEAD", "POST"])
def late_pass(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the late pass; a POST gives it to a response."""
    at = clock_check.corrected(clock.received(request))
    call = call_or_404(slug)
    try:
        found = late_passes.look_up(call=call, token=token, at=at)
        held = response_in_session(request, call)
        # A colleague's own pass is not for somebody else's response.
        open_here = held if held is not None and held.opened_by is None else None
        if request.method == "POST":
            taken = late_passes.take_up(call=call, token=token, current=open_here, at=at)
            if not taken.has_working_copy:
                amending.reopen(submission=taken, at=at)
            request.session.cycle_key()
            remember(request, taken, call)
            return redirect("response", slug=slug)
        if found.submission_id is not None and found.submission != open_here:
            raise LinkDead
    except (LinkDead, CallNotOpen, ResponseWithdrawn):
        # Staff cancelled it, the author withdrew the response, or another browser holds that.
        return render(request, "late_passes/dead.html", {"call": call}, status=410)
    goes_on = found.submission_id is not None or (
        open_here is not None and open_here.has_working_copy
    )
    context = {
        "call": call,
        "until": spoken_time.say_moment(found.expires_at, call.timezone),
        "goes_on": goes_on,
        "replaced": None if goes_on else held,
    }
    return render(request, "late_passes/late_pass.html", context)


@csrf_exempt  # RFC 8058: a mail program posts here by itself; the token is signed.
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button; a POST stops the reminders about the responses that the mail listed."""
    call = call_or_404(slug)
    found = [one for one in reminding.look_up_opt_out(token) if one.call_id == call.pk]
    if not found:
        raise Http404
    if request.method == "POST":
        for submission in found:
            reminding.refuse_reminders(submission=submission, at=clock.portal_now())
    context = {
        "call": call,
        "number": len(found),
        "has_draft": any(one.is_draft for one in found),
        "stopped": request.method == "POST",
        "has_closed": call.has_closed_at(clock_check.corrected(clock.received(request))),
    }
    return render(request, "late_passes/reminders.html", context)
