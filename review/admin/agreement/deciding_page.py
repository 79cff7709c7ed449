"""The page on which somebody decides which codes stand at one sentence."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.states import Action
from core import clock
from core.row_keys import row_key, row_keys
from review.admin.agreement.differences_page import (
    UNDECIDED,
    as_shown,
    may_read,
    name_of,
    record_reading,
    shown_decision,
)
from review.admin.agreement.sample_pages import sample_page, show
from review.admin.codebook_pages import codes_to_choose
from review.admin.shortening import you_wrote
from review.agreement.coding_differences import Difference, differences, standing_codes
from review.agreement.comparing import Comparison, compare
from review.agreement.deciding import LONGEST_REASON, Decision, decide, why_not_yet
from review.errors import CodingRefused, DecisionOutdated
from review.models import Code, CodingDecision, CodingSample, SampledResponse


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    return [
        path(
            "<int:pk>/differences/<slug:place>/",
            sample_page(admin, Action.DECIDE_CODINGS, page),
            name="review_codingsample_decide",
        )
    ]


def page(
    request: HttpRequest, admin: OfOwnCalls, sample: CodingSample, *, place: str
) -> HttpResponse:
    """Show the sentence with who coded it with what, or take the decision about it."""
    found = _found(sample, place)
    if found is None:
        return _gone(request, sample)
    comparison, difference = found
    if not may_read(request, difference):
        raise Http404
    error, is_outdated = "", False
    if request.method == "POST":
        try:
            wanted = _wanted(request)
            decide(
                sample, difference, wanted=wanted, by=current_user(request), at=clock.portal_now()
            )
        except (CodingRefused, DecisionOutdated) as refused:
            error, is_outdated = f"{refused.message}.", isinstance(refused, DecisionOutdated)
            found = _found(sample, place)
            if found is None:
                return _gone(request, sample)
            comparison, difference = found
        else:
            messages.success(request, "Your decision is on record, and counts from now on.")
            where = redirect("admin:review_codingsample_differences", sample.pk)
            where["Location"] += f"?state={UNDECIDED}"
            return where
    else:
        record_reading(request, sample, [difference])
    decision = difference.decision
    base: str | int = decision.pk if decision else ""
    if error and not is_outdated:
        base = request.POST.get("base", "")  # nothing was said of a decision that came meanwhile
    return show(
        request,
        admin,
        sample,
        "decide",
        "Decide which codes stand",
        error=error,
        one=as_shown([difference], comparison, request.user)[0],
        why_not=why_not_yet(comparison, difference.text.response.pk),
        offered=_offered(request, comparison, difference),
        nothing=_nothing_is_ticked(request, difference),
        others=codes_to_choose(sample.call),
        other=request.POST.get("other", ""),
        reason=request.POST.get("reason", ""),
        longest=LONGEST_REASON,
        base=base,
        earlier=[shown_decision(one) for one in _earlier(decision)],
    )


def _gone(request: HttpRequest, sample: CodingSample) -> HttpResponse:
    """Lead who decided to the differences, with what they typed. Raises Http404 for who reads."""
    typed = you_wrote(request.POST.get("reason", ""))
    if not typed:
        raise Http404
    said = "The coders do not differ at that passage any more. Nothing was decided."
    messages.error(request, said + typed)
    return redirect("admin:review_codingsample_differences", sample.pk)


def _found(sample: CodingSample, place: str) -> tuple[Comparison, Difference] | None:
    """Return the difference that the address names; None where there is none, or none any more."""
    version = row_key(place.partition("-")[0])
    wanted = SampledResponse.objects.filter(sample=sample, submission__versions=version or 0)
    sampled = wanted.select_related("submission").first()
    if sampled is None:
        return None
    comparison = compare(sample, only=sampled.submission)
    for one in differences(comparison):
        if name_of(one) == place:
            return comparison, one
    return None


def _wanted(request: HttpRequest) -> Decision:
    """Return what was chosen. Raises CodingRefused where codes and none are ticked, or neither."""
    posted = request.POST
    codes = set(row_keys([*posted.getlist("code"), posted.get("other", "")]))
    if bool(codes) == ("none" in posted):
        raise CodingRefused("Tick the codes that stand, or that none does")
    return Decision(
        codes=frozenset(codes),
        reason=posted.get("reason", "").replace("\r\n", "\n").replace("\0", ""),
        base=row_key(posted.get("base", "")),
    )


def _offered(
    request: HttpRequest, comparison: Comparison, difference: Difference
) -> list[tuple[Code, bool]]:
    """Return the codes that coders gave or that stood, and whether each is ticked.

    To begin with those are ticked that stand, or on which all agree.
    """
    decision = difference.decision
    codes = {key: comparison.codes[key] for key in difference.codes}
    if decision is not None:
        codes |= {one.code_id: one.code for one in decision.codes.all()}
        ticked = {code.pk for code in standing_codes(decision)}
    else:
        ticked = set(difference.codes) - difference.differing
    if request.method == "POST":
        ticked = set(row_keys(request.POST.getlist("code")))
    by_name = sorted(codes.values(), key=lambda code: code.name.casefold())
    return [(code, code.pk in ticked) for code in by_name]


def _nothing_is_ticked(request: HttpRequest, difference: Difference) -> bool:
    if request.method == "POST":
        return "none" in request.POST
    return difference.decision is not None and not standing_codes(difference.decision)


def _earlier(decision: CodingDecision | None) -> list[CodingDecision]:
    """Return the decisions before this one, the latest first."""
    if decision is None:
        return []
    rows = CodingDecision.objects.filter(
        version=decision.version_id,
        question=decision.question_id,
        file_text=decision.file_text_id,
        start=decision.start,
        end=decision.end,
    ).exclude(pk=decision.pk)
    return list(rows.select_related("by").prefetch_related("codes__code").order_by("-pk"))
