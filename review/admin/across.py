"""Reading across: all answers to one question, under the filters of the list of responses."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import Person, calls_of, narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from core.row_keys import row_key
from review.admin.facet_columns import say_facet
from review.admin.keys import has_keys
from review.admin.keyset import OrderedList
from review.admin.listed import (
    AT,
    CameFrom,
    answered,
    is_read_across,
    narrowed_list,
    request_of_list,
)
from review.admin.response_filters import chosen_call
from review.coding.pieces import Piece, with_hidden
from review.consent import Consent, consent_of
from review.models import Redaction
from review.redaction.marks import MARKED, hidden_passages
from review.redaction.readable_texts import sees_redacted
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS
from submissions.responses.models import Submission, Version
from submissions.responses.transcript import say_answer

ANSWERS_A_PAGE = 20
READABLE = Coalesce("redacted__texts", "texts")


@dataclass(frozen=True)
class AnswerInList:
    response: Submission
    address: str
    received: str
    facets: list[tuple[str, str]]
    consent: Consent
    pieces: list[Piece]


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def questions_page(request: HttpRequest) -> HttpResponse:
        return questions(request, admin)

    def answers_page(request: HttpRequest, pk: int) -> HttpResponse:
        return answers(request, admin, pk)

    wrap = admin.admin_site.admin_view
    return [
        path("questions/", wrap(questions_page), name="submissions_submission_questions"),
        path("questions/<int:pk>/", wrap(answers_page), name="submissions_submission_question"),
    ]


def questions(request: HttpRequest, admin: OfOwnCalls) -> HttpResponse:
    """List the questions of the call that the list is narrowed to, else those of each call."""
    if request.method not in {"GET", "HEAD"} or not admin.has_view_permission(request):
        raise PermissionDenied
    came_from = CameFrom(CameFrom.of(request).filters)
    calls = list(calls_of(request.user, Action.READ_RESPONSES))
    chosen = chosen_call(request_of_list(request), calls)
    shown = [
        (
            call,
            [
                (question, came_from.question_address(question))
                for question in call.questions_in_order
                if is_read_across(question)
            ],
        )
        for call in ([chosen] if chosen else calls)
    ]
    context = {
        **admin.admin_site.each_context(request),
        "title": "Read one question across",
        "opts": admin.opts,
        "calls": shown,
        "came_from": came_from,
        "list_address": came_from.list_address(),
    }
    return TemplateResponse(request, "admin/submissions/submission/questions.html", context)


def answers(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Show a page of the answers. What it shows goes on record, once for the page."""
    if request.method not in {"GET", "HEAD"} or not admin.has_view_permission(request):
        raise PermissionDenied
    own = narrowed(Question.objects.all(), request.user, Action.READ_RESPONSES)
    row = get_object_or_404(own.select_related("call"), pk=pk)
    call = row.call
    question = call.questions_by_key[row.key]
    if not is_read_across(question):
        raise Http404
    came_from = CameFrom(CameFrom.of(request).filters, question.key)
    rows = answered(narrowed_list(admin, request), question)
    paginator = Paginator(rows, ANSWERS_A_PAGE)
    page = paginator.get_page(_page_wanted(request, admin, rows))
    shown = _shown(page, call, question, came_from, reader=request.user)
    if shown:
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.QUESTION_READ,
            call=call,
            question=question.key,
            shown=[str(one.response) for one in shown],
        )
    context = {
        **admin.admin_site.each_context(request),
        "title": question.label,
        "opts": admin.opts,
        "call": call,
        "answers": shown,
        "page": page,
        "total": paginator.count,
        "previous": _address(came_from, question, page.number - 1) if page.has_previous() else "",
        "next": _address(came_from, question, page.number + 1) if page.has_next() else "",
        "list_address": came_from.list_address(),
        "has_keys": has_keys(current_user(request)),
        "came_from": CameFrom(came_from.filters),
    }
    return TemplateResponse(request, "admin/submissions/submission/answers.html", context)


def _page_wanted(request: HttpRequest, admin: OfOwnCalls, rows: QuerySet[Submission]) -> Any:
    """Return the page with the response that the reader comes back from, else the one asked for."""
    if (at := row_key(request.GET.get(AT, ""))) is not None:
        of_the_row = admin.get_queryset(request).filter(pk=at)
        if of_the_row.exists():
            return OrderedList(rows, of_the_row).place().before // ANSWERS_A_PAGE + 1
    return request.GET.get("page", "1")


def _address(came_from: CameFrom, question: Question, number: int) -> str:
    return came_from.question_address(question, page=str(number))


def _shown(
    page: Page[Submission],
    call: Call,
    question: Question,
    came_from: CameFrom,
    *,
    reader: Person,
) -> list[AnswerInList]:
    responses = list(page)
    texts: dict[int, Any] = {}
    redactions: dict[int, list[Redaction]] = {}
    sees = sees_redacted(reader, call)
    if question.kind in TEXT_KINDS:
        # Only this answer of each, which may have many other long ones.
        versions = Version.objects.filter(pk__in=[r.current_version_id for r in responses])
        answer = KeyTextTransform(question.key, "texts" if sees else READABLE)
        texts = dict(versions.annotate(answer=answer).values_list("pk", "answer"))
        marked = Redaction.objects.filter(
            version__in=texts, question=question, state__in=MARKED
        ).select_related("question")
        for one in marked:
            redactions.setdefault(one.version_id, []).append(one)
    listed = [(facet, q) for facet, q in call.facet_questions if facet.get("listed")]
    found = []
    for response in responses:
        version = response.submitted_version
        value = texts.get(version.pk) or version.choices.get(question.key)
        facets = [
            (facet["label"], say_facet(facet, q, version)) for facet, q in listed if q != question
        ]
        found.append(
            AnswerInList(
                response=response,
                address=came_from.page_of(response.pk),
                received=in_uk_time(response.submitted_at),
                facets=[(label, said) for label, said in facets if said],
                consent=consent_of(response, call),
                pieces=with_hidden(
                    [Piece("\n".join(say_answer(question, value)))],
                    hidden_passages(redactions.get(version.pk, ()), sees=sees),
                ),
            )
        )
    return found
