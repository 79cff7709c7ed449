"""Unread responses unlike the read ones, under the filters of the list of responses."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import calls_of
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from review.admin.listed import CameFrom, narrowed_list, request_of_list
from review.admin.response_filters import chosen_call
from review.consent import Consent, consent_of
from review.reading_faster.unlike import Unlike, UnlikeList, most_unlike
from submissions.calls.models import Call

NAME = "submissions_submission_unlike"


@dataclass(frozen=True)
class Shown:
    unlike: Unlike
    address: str
    received: str
    consent: Consent


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return show(request, admin)

    return [path("unlike/", admin.admin_site.admin_view(page), name=NAME)]


def show(request: HttpRequest, admin: OfOwnCalls) -> HttpResponse:
    """Show them for the call that the list is narrowed to; else let the reader choose a call."""
    if request.method not in {"GET", "HEAD"} or not admin.has_view_permission(request):
        raise PermissionDenied
    came_from = CameFrom(CameFrom.of(request).filters)
    calls = list(calls_of(request.user, Action.READ_RESPONSES))
    call = chosen_call(request_of_list(request), calls)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": "Unread, and unlike what you have read",
        "opts": admin.opts,
        "call": call,
        "came_from": came_from,
        "list_address": came_from.list_address(),
    }
    if call is None:
        context["calls"] = [(each, _address(each)) for each in calls]
    else:
        rows = narrowed_list(admin, request).order_by()
        unlike = most_unlike(call, rows, reader=current_user(request))
        _record(request, call, unlike)
        context |= {"unlike": unlike, "shown": _shown(unlike, call, came_from)}
    return TemplateResponse(request, "admin/submissions/submission/unlike.html", context)


def _address(call: Call) -> str:
    filters = urlencode({"call__id__exact": call.pk})
    return f"{reverse(f'admin:{NAME}')}?{urlencode({'_changelist_filters': filters})}"


def _record(request: HttpRequest, call: Call, unlike: UnlikeList) -> None:
    """Put on record of which responses the page shows words."""
    if not unlike.found:
        return
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.UNLIKE_READ,
        call=call,
        shown=[str(one.response) for one in unlike.found],
    )


def _shown(unlike: UnlikeList, call: Call, came_from: CameFrom) -> list[Shown]:
    return [
        Shown(
            unlike=one,
            address=came_from.page_of(one.response.pk),
            received=in_uk_time(one.response.submitted_at),
            consent=consent_of(one.response, call),
        )
        for one in unlike.found
    ]
