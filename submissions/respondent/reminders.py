"""Where the link in a reminder leads that stops reminders."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import clock, clock_check
from submissions.mail import reminding
from submissions.respondent.browser_session import call_or_404
from submissions.responses.states import SubmissionState


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
        "drafts": sum(one.is_draft for one in found),
        "counts": any(one.state == SubmissionState.SUBMITTED for one in found),
        "stopped": request.method == "POST" or reminding.are_refused(found),
        "has_closed": call.has_closed_at(clock_check.received(request)),
    }
    return render(request, "calls/reminders.html", context)
