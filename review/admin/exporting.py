"""From the list of responses to the page that exports its rows, which is above this app.

That page has the list read the same query string, so that what is exported is what was listed.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.call_admin import OfOwnCalls
from accounts.rights import Person, may, may_somewhere
from accounts.states import Action
from core.row_keys import row_keys
from review.admin.listed import FILTERS
from review.admin.response_filters import calls_read, chosen_call
from submissions.calls.models import Call
from submissions.responses.models import Submission

PAGE = "admin:exports_teamfiles_responses"
ONLY = "only"  # the ticked rows
EXPORTS = (Action.EXPORT, Action.EXPORT_CONFIDENTIAL)


class ExportAction(OfOwnCalls):
    """The action that exports the rows that are ticked."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        return any(may_somewhere(request.user, action) for action in EXPORTS)

    @admin.action(description="Export…", permissions=["export"])
    def export_chosen(
        self, request: HttpRequest, chosen: QuerySet[Submission]
    ) -> HttpResponse | None:
        """Lead to the page of exports, with the ticked rows unless they are the whole list."""
        given = {FILTERS: request.GET.urlencode()}
        if request.POST.get("select_across") != "1":
            ticked = row_keys(request.POST.getlist(ACTION_CHECKBOX_NAME))
            given[ONLY] = ".".join(map(str, sorted(set(ticked))))
        calls = list(Call.objects.filter(submissions__in=chosen.order_by()).distinct()[:2])
        if len(calls) > 1:
            messages.error(request, "An export is of one call: choose it in the filter first.")
        elif not calls or not _may_export(request.user, calls[0]):
            messages.error(request, "You may not export responses of this call.")
        else:
            return redirect(f"{reverse(PAGE, args=[calls[0].pk])}?{urlencode(given)}")
        return None


def beside_the_list(request: HttpRequest) -> dict[str, Any]:
    """Return the call of which the list's responses can be exported, or whether to choose one."""
    calls = calls_read(request)
    exportable = [call for call in calls if _may_export(request.user, call)]
    chosen = chosen_call(request, calls)
    return {
        "exported_call": chosen if chosen in exportable else None,
        "chooses_call_to_export": bool(exportable) and chosen is None,
    }


def _may_export(person: Person, call: Call) -> bool:
    return any(may(person, action, call) for action in EXPORTS)
