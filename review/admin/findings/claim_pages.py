"""Writing a finding, and changing what it claims. Nobody overwrites unseen what somebody saved."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from core import clock
from core.row_keys import row_key
from review.admin.findings.claim_form import ClaimForm
from review.admin.findings.pages import show
from review.errors import FindingOutdated, FindingRefused
from review.findings.claims import LABELS, change_finding, claim_of, write_finding
from review.models import Finding
from submissions.calls.models import Call


def write(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    form = ClaimForm(request.POST if request.method == "POST" else None, call=call)
    if form.is_bound and form.is_valid():
        try:
            finding = write_finding(
                call=call, claim=form.claim(), by=current_user(request), at=clock.portal_now()
            )
        except FindingRefused as refused:
            form.add_error(None, f"{refused.message}.")
        else:
            messages.success(request, "The finding is kept, as a draft.")
            return redirect("admin:review_finding_change", finding.pk)
    return show(
        request,
        admin,
        "finding/claim",
        "Write a finding",
        call,
        refused=form.is_bound,
        form=form,
    )


def revise(request: HttpRequest, admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    """Change the claim. Where somebody changed it meanwhile, say what they saved, and ask again."""
    claim, base = claim_of(finding), finding.revision
    posted = request.POST if request.method == "POST" else None
    if posted is not None:
        base = row_key(posted.get("base", "")) or 0
    form = ClaimForm(posted, call=finding.call, claim=claim)
    if form.is_bound and form.is_valid():
        try:
            change_finding(
                finding,
                claim=form.claim(),
                base=base,
                by=current_user(request),
                at=clock.portal_now(),
            )
        except FindingRefused as refused:
            form.add_error(None, f"{refused.message}.")
        except FindingOutdated as outdated:
            base = _say_what_was_saved(form, finding, outdated)
        else:
            messages.success(request, "The finding is changed.")
            return redirect("admin:review_finding_change", finding.pk)
    return show(
        request,
        admin,
        "finding/claim",
        "Change a finding",
        finding.call,
        refused=form.is_bound,
        form=form,
        finding=finding,
        base=base,
    )


def _say_what_was_saved(form: ClaimForm, finding: Finding, outdated: FindingOutdated) -> int:
    """Put beside each field what was saved there; return the revision that the page shows now."""
    fresh = Finding.objects.select_related("strength").get(pk=finding.pk)
    saved, typed = claim_of(fresh), form.claim()
    form.add_error(
        None, f"{outdated.message}. Nothing of yours was saved: save again to put it in place."
    )
    for name in LABELS:
        if name in form.fields and getattr(saved, name) != getattr(typed, name):
            form.add_error(name, f"Somebody else saved: {form.say(name, saved)}.")
    return fresh.revision
