"""Choosing the passages of a finding, out of the quote bank and out of the codings."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core import clock
from core.posted_from import led_to_its_page
from core.row_keys import row_keys
from review.admin.findings.pages import show
from review.coding.decided import standing_codings
from review.coding.samples import seen_by as codings_seen_by
from review.errors import FindingRefused
from review.findings import passages
from review.findings.finding_counts import codes_of
from review.findings.passage_words import with_hidden_words, words_for
from review.findings.visible_passages import seen_by
from review.models import Coding, Finding, FindingPassage, Quote
from review.quotes.consent import standing_of_each
from review.quotes.quote_words import of_the_outer_quote
from review.quotes.quote_words import seen_by as quotes_seen_by
from review.states import Stance
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

ON_A_PAGE = 25
PLACE = ("version_id", "question_id", "file_text_id", "start", "end")
SOURCES = {
    "quotes": "Quotes under its codes",
    "bank": "The whole quote bank",
    "codings": "Passages under its codes",
}


@dataclass(frozen=True)
class Candidate:
    """`why_not` says why the quote cannot stand in a finding; `stance` that it stands there.

    `has_hidden`: readers outside the team do not see all of its words.
    """

    key: int
    response: Submission
    question: str
    words: str
    in_file: bool
    why_not: str
    stance: Stance | None
    has_hidden: bool


def choose(request: HttpRequest, admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    """List passages that could stand in the finding, and put one there."""
    source = request.GET.get("from", "quotes")
    source = source if source in SOURCES else "quotes"
    error = ""
    rows = _rows(request, finding, source)
    if request.method == "POST":
        try:
            _put(request, finding, rows)
        except FindingRefused as refused:
            error = refused.message
        else:
            messages.success(request, "The passage stands in the finding.")
            return redirect(request.get_full_path())
    page = Paginator(_each_place_once(rows), ON_A_PAGE).get_page(request.GET.get("p", "1"))
    chosen = seen_by(finding.passages.all(), current_user(request))
    there = {_place(one): Stance(one.stance) for one in chosen}
    quotes = {one.pk: one for one in page if isinstance(one, Quote)}
    why_not = {pk: one.why_not for pk, one in standing_of_each(list(quotes.values())).items()}
    words = words_for(current_user(request), list(page), finding.call)
    partly = with_hidden_words(current_user(request), list(page), finding.call)
    candidates = [
        _candidate(
            row,
            words[row.pk] or "",
            why_not.get(row.pk) or "",
            there.get(_place(row)),
            has_hidden=row.pk in partly,
        )
        for row in page
    ]
    if candidates:
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.PASSAGES_READ,
            call=finding.call,
            finding=finding.pk,
            shown=list(dict.fromkeys(str(one.response) for one in candidates)),
        )
    return show(
        request,
        admin,
        "finding/passages",
        "Passages for a finding",
        finding.call,
        refused=bool(error),
        error=error,
        finding=finding,
        candidates=candidates,
        page=page,
        source=source,
        sources=SOURCES,
        stances=Stance,
    )


def take_off(request: HttpRequest, admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    if request.method != "POST":
        return led_to_its_page(request)
    keys = row_keys([request.POST.get("passage", "")])
    rows = FindingPassage.objects.select_related("finding__call", "version", "question")
    rows = seen_by(rows, current_user(request))
    passage = rows.filter(finding=finding, pk__in=keys).first()
    if passage is None:
        messages.error(request, "Somebody took the passage off already.")
    else:
        try:
            passages.take_off(
                passage,
                by=current_user(request),
                at=clock.portal_now(),
                seen=request.POST.get("seen"),
            )
        except FindingRefused as refused:
            messages.error(request, f"{refused.message}.")
        else:
            messages.success(request, "The passage does not stand in the finding any more.")
    return redirect("admin:review_finding_change", finding.pk)


def _put(request: HttpRequest, finding: Finding, rows: QuerySet[Any]) -> None:
    do, key, seen = [*request.POST.get("do", "").split(" "), "", ""][:3]
    if do not in Stance.values:
        raise FindingRefused("Choose whether the passage supports it or speaks against it")
    passage = rows.filter(pk__in=row_keys([key])).first()
    if passage is None:
        raise FindingRefused("Somebody else has taken this passage away")
    passages.put_passage(
        finding,
        passage,
        stance=Stance(do),
        by=current_user(request),
        at=clock.portal_now(),
        seen=seen,
    )


def _rows(request: HttpRequest, finding: Finding, source: str) -> QuerySet[Any]:
    """Return the quotes or codings that the reader may see, as the finding counts them."""
    reader, call = current_user(request), finding.call
    of_codes = Coding.objects.filter(code__in=codes_of([finding])[finding.pk])
    codings = codings_seen_by(standing_codings(of_codes), reader)
    rows: QuerySet[Any]
    if source == "codings":
        rows = codings
    else:
        of_call = Quote.objects.filter(call=call).select_related("call")
        rows = quotes_seen_by(of_call, reader)
        if source == "quotes":
            rows = rows.filter(Exists(of_the_outer_quote(codings)))
    if not may(reader, Action.OPEN_FILES, call):
        rows = rows.filter(file_text=None)
    rows = rows.filter(version__submission__state=SubmissionState.SUBMITTED)
    rows = rows.exclude(version__submission__triage_status=TriageStatus.SET_ASIDE)
    return rows.select_related(
        "version__submission__call",
        "version__submission__current_version",
        "question",
        "file_text",
    ).order_by("version__submission__submitted_at", "version", "question", "start", "pk")


def _each_place_once(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Leave out what somebody else coded alike."""
    first = rows.order_by(*PLACE, "pk").distinct(*PLACE)
    return rows.filter(pk__in=first.values("pk"))


def _candidate(
    row: Any, words: str, why_not: str, stance: Stance | None, *, has_hidden: bool
) -> Candidate:
    return Candidate(
        key=row.pk,
        response=row.version.submission,
        question=row.question.label,
        words=words,
        in_file=row.file_text is not None,
        why_not=why_not,
        stance=stance,
        has_hidden=has_hidden,
    )


def _place(row: Any) -> tuple[int | None, ...]:
    return row.version_id, row.question_id, row.file_text_id, row.start, row.end
