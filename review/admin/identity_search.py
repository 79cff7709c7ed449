"""Searching who answered: apart from the search for answers, and on record.

It is posted, so that a name or an address is neither in the server's log nor in the browser's
history.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from review.admin.response_filters import calls_read, chosen_call
from submissions.calls.models import Call
from submissions.responses.searching import of_people

MOST_SHOWN = 100


class IdentitySearchForm(forms.Form):
    call = forms.ModelChoiceField(Call.objects.none(), label="Call", empty_label=None)
    words = forms.CharField(
        label="Name, organisation or address",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, calls: Sequence[Call], **options: Any) -> None:
        super().__init__(*args, **options)
        call = self.fields["call"]
        if isinstance(call, forms.ModelChoiceField):
            call.queryset = Call.objects.filter(pk__in=[one.pk for one in calls])
            # As Django would make them, but not from the database again.
            call.choices = [(one.pk, str(one)) for one in calls]


def calls_searched(request: HttpRequest) -> list[Call]:
    """Return the calls whose responses the reader may read, and may see who answered."""
    return [call for call in calls_read(request) if may_see_identity(request.user, call)]


def form_beside_the_list(request: HttpRequest, calls: Sequence[Call]) -> IdentitySearchForm:
    """Return the empty form for `calls`, and of them the one by which the list is narrowed."""
    call = chosen_call(request, calls)
    return IdentitySearchForm(initial={"call": call}, auto_id="identity-%s", calls=calls)


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return search(request, admin)

    guarded = admin.admin_site.admin_view(page)
    return [path("who-answered/", guarded, name="submissions_submission_who_answered")]


def search(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Find responses by who answered. The record says for which call, how many were found and
    which the page shows."""
    calls = calls_searched(request)
    if not (admin.has_view_permission(request) and calls):
        raise PermissionDenied
    form = IdentitySearchForm(request.POST if request.method == "POST" else None, calls=calls)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": "Search who answered",
        "opts": admin.opts,
        "form": form,
    }
    if form.is_bound and form.is_valid():
        call = form.cleaned_data["call"]
        found = of_people(form.cleaned_data["words"], call=call)
        number, shown = found.count(), list(found[:MOST_SHOWN])
        record(
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.IDENTITY_SEARCHED,
            call=call,
            found=number,
            shown=[response.reference for response in shown],
        )
        context["number"] = number
        context["more"] = max(0, number - MOST_SHOWN)
        context["rows"] = [(row, in_uk_time(row.submitted_at)) for row in shown]
    return TemplateResponse(request, "admin/submissions/submission/who_answered.html", context)
