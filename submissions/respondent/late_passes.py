"""Where the link of a late pass leads: to the response that it is for, or to a new one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core import clock_check, spoken_time
from submissions.respondent.browser_session import call_or_404, remember, response_in_session
from submissions.respondent.put_away import about_put_away
from submissions.responses import amending, late_passes
from submissions.responses.ending.late import kept_until
from submissions.responses.errors import CallNotOpen, LinkDead, ResponseWithdrawn


@require_http_methods(["GET", "HEAD", "POST"])
def late_pass(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the late pass; a POST gives it to a response."""
    at = clock_check.received(request)
    call = call_or_404(slug)
    try:
        found = late_passes.look_up(call=call, token=token, at=at)
        held = response_in_session(request, call.slug)
        # A colleague's own pass is not for somebody else's response.
        open_here = held if held is not None and held.opened_by is None else None
        if request.method == "POST":
            taken = late_passes.take_up(call=call, token=token, current=open_here, at=at)
            if not taken.has_working_copy:
                amending.reopen(submission=taken, at=at)
            request.session.cycle_key()
            remember(request, taken, call)
            return redirect("response", slug=slug)
        if not late_passes.goes_to(found, open_here):
            raise LinkDead
    except (LinkDead, CallNotOpen, ResponseWithdrawn):
        # Staff cancelled it, the author withdrew the response, or another browser holds that.
        context = {
            "call": call,
            "has_closed": call.has_closed_at(at),
            "submission": response_in_session(request, call.slug),
        }
        return render(request, "late_passes/dead.html", context, status=410)
    goes_on = open_here is not None and (
        open_here.has_working_copy or found.submission == open_here
    )
    kept = kept_until(call, found, at=at)
    context = {
        "call": call,
        "kept_until": spoken_time.say_moment(kept, call.timezone) if kept else "",
        "until": spoken_time.say_moment(found.expires_at, call.timezone),
        "goes_on": goes_on,
        **about_put_away(None if goes_on else held, call),
    }
    return render(request, "late_passes/late_pass.html", context)
