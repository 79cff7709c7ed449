"""Passages like this one: from a sentence of an answer, or from a coded passage."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.states import Action, AuditAction
from core import clock
from core.row_keys import row_key
from review.admin.coding_source import record_read, source_of
from review.admin.listed import CameFrom
from review.admin.reading_faster.links import NAME, PASSAGE, VERSION
from review.coding.places_in_text import Passage, sentences
from review.coding.samples import seen_by
from review.consent import Consent, consent_of
from review.models import Coding
from review.reading_faster.similar import Found, Similar, similar_to
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

MOST_SENTENCES = 1_000


@dataclass(frozen=True)
class Shown:
    """`codes` are those under which the reader sees a part of the passage."""

    found: Found
    address: str
    consent: Consent
    codes: list[str]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int, key: str) -> HttpResponse:
        return show(request, admin, pk, key)

    return [path("<int:pk>/similar/<slug:key>/", admin.admin_site.admin_view(page), name=NAME)]


def show(request: HttpRequest, admin: OfOwnCalls, pk: int, key: str) -> HttpResponse:
    """Show what is like the passage that the address names, or the sentences to choose from."""
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied
    counting = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    response = admin.own_row(
        request, Action.READ_RESPONSES, counting.select_related("call", "current_version"), pk=pk
    )
    version = _version(request, response)
    source = source_of(request, admin, response, version, key)
    passage = _passage(request, source.text)
    came_from = CameFrom.of(request)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": "Passages like this one",
        "opts": admin.opts,
        "response": response,
        "source": source,
        "page_of_response": came_from.page_of(response.pk),
        "list_address": came_from.list_address(),
    }
    if passage is None:
        record_read(request, response, source)
        context["sentences"] = _to_choose(request, source.text)
    else:
        words = passage.quote(source.text)
        place = None if source.file_text else (version.pk, key, passage)
        similar = similar_to(words, call=response.call, reader=current_user(request), without=place)
        _record(request, response, key, similar)
        shown = _shown(request, response.call, similar, came_from)
        context |= {"words": words, "similar": similar, "shown": shown}
    template = "admin/submissions/submission/similar.html"
    return TemplateResponse(request, template, context)


def _version(request: HttpRequest, response: Submission) -> Version:
    """Return the version that the address names, else the latest one."""
    version = response.submitted_version
    wanted = request.GET.get(VERSION, "")
    if wanted and wanted != str(version.number):
        number = row_key(wanted)
        version = get_object_or_404(Version, submission=response, number=number)
    version.submission = response
    return version


def _passage(request: HttpRequest, text: str) -> Passage | None:
    """Return the passage that the address names; Http404 for one outside the text."""
    wanted = request.GET.get(PASSAGE, "")
    if not wanted:
        return None
    start, _, end = (row_key(part) if part != "-" else None for part in wanted.partition("-"))
    if start is None or end is None or not 0 <= start < end <= len(text):
        raise Http404
    return Passage(start, end)


def _to_choose(request: HttpRequest, text: str) -> list[tuple[str, str]]:
    """Return each sentence with the query string that leads to what is like it."""
    query = request.GET.copy()
    found = []
    for one in sentences(text)[:MOST_SENTENCES]:
        query[PASSAGE] = f"{one.start}-{one.end}"
        found.append((one.quote(text), query.urlencode()))
    return found


def _record(request: HttpRequest, response: Submission, key: str, similar: Similar) -> None:
    """Put on record which responses the page shows words of: the passage's own, too."""
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.SIMILAR_READ,
        call=response.call,
        submission=response,
        question=key,
        shown=list(dict.fromkeys(map(str, (response, *(one.response for one in similar.found))))),
    )


def _shown(request: HttpRequest, call: Call, similar: Similar, came_from: CameFrom) -> list[Shown]:
    versions = [one.response.current_version_id for one in similar.found]
    rows = Coding.objects.filter(version__in=versions, file_text=None).select_related("code")
    codings: dict[tuple[int, int], list[Coding]] = {}
    for coding in seen_by(rows, current_user(request)).order_by("code__name", "pk"):
        codings.setdefault((coding.version_id, coding.question_id), []).append(coding)
    found = []
    for one in similar.found:
        there = codings.get((one.response.current_version_id or 0, one.question.pk), [])
        codes = [
            coding.code.name
            for coding in there
            if coding.start < one.passage.end and one.passage.start < coding.end
        ]
        address = came_from.page_of(one.response.pk).partition("#")[0]
        found.append(
            Shown(
                found=one,
                address=f"{address}#answer-{one.question.key}",
                consent=consent_of(one.response, call),
                codes=list(dict.fromkeys(codes)),
            )
        )
    return found
