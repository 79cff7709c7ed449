"""The page on which members keep the filters of the list under a name, and delete them."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import calls_of
from accounts.states import Action
from core.row_keys import row_keys
from review.admin.response_filters import calls_read, chosen_call
from review.errors import ReviewRefused
from review.saved_filters import CALL, filters_of, kept_query, may_delete, query_of, save_filter


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return saved_filters(request, admin)

    guarded = admin.admin_site.admin_view(page)
    return [path("saved-filters/", guarded, name="submissions_submission_saved_filters")]


def beside_the_list(request: HttpRequest) -> dict[str, Any]:
    """Return the reader's filters of the chosen call, and the one that the list is under."""
    now = kept_query(request.GET.urlencode())
    calls = list(calls_read(request))
    call = chosen_call(request, calls)
    saved = filters_of(current_user(request))
    if call is not None:
        saved = saved.filter(call=call)
    return {
        "saved_filters": [(row, query_of(row, calls)) for row in saved],
        "query_now": now,
        "chosen_call": call,
    }


def saved_filters(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Show the reader's filters; save those that the address carries, or delete one."""
    refuse_unless_somewhere(request, Action.READ_RESPONSES)
    person = current_user(request)
    here = reverse("admin:submissions_submission_saved_filters")
    if request.method == "POST" and request.POST.get("delete"):
        saved = filters_of(person).filter(pk__in=row_keys([request.POST["delete"]])).first()
        if saved is None:
            messages.error(request, "These saved filters are not here any more.")
        elif may_delete(saved, by=person):
            saved.delete()
            messages.success(request, f"“{saved.name}” is deleted.")
        else:
            messages.error(request, f"“{saved.name}” is {saved.owner}’s: nothing was deleted.")
        return redirect(here)
    query = kept_query(request.POST.get("query") or request.GET.get("query", ""))
    calls = list(calls_of(request.user, Action.READ_RESPONSES))
    if request.method == "POST":
        call = next((one for one in calls if str(one.pk) == request.POST.get("call")), None)
        try:
            if call is None:
                raise ReviewRefused("Choose a call")
            saved = save_filter(
                call=call,
                name=request.POST.get("name", ""),
                query=query,
                shared=request.POST.get("shared") == "yes",
                by=person,
            )
        except ReviewRefused as refused:
            messages.error(request, f"{refused.message}.")
        else:
            messages.success(request, f"“{saved.name}” is saved.")
            listed = reverse("admin:submissions_submission_changelist")
            return redirect(f"{listed}?{query_of(saved, calls)}")
    rows = list(filters_of(person))
    context = {
        **admin.admin_site.each_context(request),
        "title": "Saved filters",
        "opts": admin.opts,
        "rows": [(row, query_of(row, calls), may_delete(row, by=person)) for row in rows],
        "query": query,
        "calls": calls,
        "chosen": request.POST.get("call") or QueryDict(query).get(CALL, ""),
        "typed": request.POST.get("name", ""),
    }
    template = "admin/submissions/submission/saved_filters.html"
    return TemplateResponse(request, template, context)
