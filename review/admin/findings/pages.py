"""What the pages of findings have in common."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.rights import calls_of, may, narrowed
from accounts.states import Action
from review.models import Finding
from submissions.calls.models import Call

REFUSED = 422


def finding_page(
    admin: OfOwnCalls, action: Action, view: Callable[..., HttpResponse]
) -> Callable[..., HttpResponseBase]:
    """Return the view of a finding that the reader may do this with."""

    def page(request: HttpRequest, pk: int) -> HttpResponse:
        rows = Finding.objects.select_related("call", "strength", "changed_by", "written_by")
        return view(request, admin, admin.own_row(request, action, rows, pk=pk))

    return admin.admin_site.admin_view(page)


def call_page(
    admin: OfOwnCalls, action: Action, view: Callable[..., HttpResponse]
) -> Callable[..., HttpResponseBase]:
    """Return the view of a call in which the reader may do this, and read responses."""

    def page(request: HttpRequest, pk: int) -> HttpResponse:
        refuse_unless_somewhere(request, action)
        call: Call = get_object_or_404(calls_with_pages(request, action), pk=pk)
        return view(request, admin, call)

    return admin.admin_site.admin_view(page)


def calls_with_pages(request: HttpRequest, action: Action) -> QuerySet[Call]:
    """Return the calls in which the reader may do this and read responses."""
    calls = calls_of(request.user, action)
    return narrowed(calls, request.user, Action.READ_RESPONSES, path="pk")


def show(
    request: HttpRequest,
    admin: OfOwnCalls,
    template: str,
    title: str,
    call: Call,
    *,
    refused: bool = False,
    **more: Any,
) -> HttpResponse:
    """Show a page; a `refused` one with the status of that."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "call": call,
        "may_write": may(request.user, Action.WRITE_FINDINGS, call),
        **more,
    }
    page = f"admin/review/{template}.html"
    return TemplateResponse(request, page, context, status=REFUSED if refused else 200)
