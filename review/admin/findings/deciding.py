"""Agreeing with a finding, and setting its status."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock
from core.posted_from import led_to_its_page
from review.admin.shortening import you_wrote
from review.errors import FindingOutdated, FindingRefused
from review.findings import agreeing
from review.findings.claims import set_status
from review.models import Finding
from review.states import FindingStatus


def status(request: HttpRequest, admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    given = request.POST
    if request.method != "POST":
        return led_to_its_page(request)
    try:
        if given.get("status") not in FindingStatus.values:
            raise FindingRefused("Choose a status")
        done = set_status(
            finding,
            status=FindingStatus(given["status"]),
            base=given.get("base", ""),
            reason=given.get("reason", ""),
            by=current_user(request),
            at=clock.portal_now(),
        )
    except (FindingRefused, FindingOutdated) as refused:
        typed = you_wrote(given.get("reason", ""))
        messages.error(request, f"{refused.message}. Its status was not changed.{typed}")
    else:
        messages.success(request, f"Its status is now: {done.get_status_display().lower()}.")
    return redirect("admin:review_finding_change", finding.pk)


def agree(request: HttpRequest, admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    if request.method != "POST":
        return led_to_its_page(request)
    by, at = current_user(request), clock.portal_now()
    try:
        if request.POST.get("do") == "take back":
            agreeing.withdraw_agreement(finding, by=by, at=at)
            said = "You do not agree any more."
        else:
            agreeing.agree(finding, base=request.POST.get("base", ""), by=by, at=at)
            said = "You agree with the finding as it is."
    except (FindingRefused, FindingOutdated) as refused:
        messages.error(request, f"{refused.message}. Look at it as it is now.")
    else:
        messages.success(request, said)
    return redirect("admin:review_finding_change", finding.pk)
