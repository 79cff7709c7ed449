"""Where the link of a receipt leads: its reader confirms the address, and nothing is opened."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from core import clock
from submissions.mail.tasks import nudge_mail
from submissions.respondent.browser_session import call_or_404
from submissions.responses.confirmed_addresses import confirm_address as confirm
from submissions.responses.confirmed_addresses import look_up_confirmation
from submissions.responses.errors import LinkDead


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button that confirms the address. Mail scanners follow links: a GET does nothing."""
    call, at = call_or_404(slug), clock.portal_now()
    try:
        if request.method == "POST":
            link = confirm(call=call, token=token, at=at)
            nudge_mail()
        else:
            link = look_up_confirmation(call=call, token=token, at=at)
    except LinkDead:
        return render(request, "calls/confirm_dead.html", {"call": call}, status=410)
    return render(request, "calls/confirm_address.html", {"call": call, "link": link})
