"""“Export these”: the rows of the list of responses, under its filters and search, or ticked ones.

The list itself reads its query string. Its rows count as they are when somebody presses Export: a
list that is no longer the one that the page told of is shown again first.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import narrowed
from accounts.states import Action
from core.disk_reserve import NoRoom
from core.row_keys import row_keys
from exports.admin.list_in_words import is_by_what_they_say, narrowed_by
from exports.asked_for import dataset_asked_for, export, formats_offered
from exports.export_context import UnsupportedByFormat
from exports.filters import (
    CAMPAIGNS,
    CHOICES,
    ORDERS,
    SEVERAL,
    ExportFilter,
    FilterRefused,
)
from exports.listed import Listed
from exports.permissions import ExportRefused, may_export, may_export_confidential, may_export_named
from exports.queries import count, one_snapshot
from exports.recording import LONGEST_REASON, THROUGH_LIST
from exports.steering.on_record import field_names
from exports.types import Dataset
from review.admin.exporting import ONLY
from review.admin.listed import FILTERS, request_under
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

REFUSED = 422
SHAPES = {"order": ORDERS, "campaigns": CAMPAIGNS, "choices": CHOICES, "several": SEVERAL}
CHANGED = "The list has changed since this page was shown. Look at the numbers, then export again."
UNREADABLE = "The list cannot read its filters any more. Go back to it and choose them again."
NOTHING = "No response is left to export. Nothing was exported."


@dataclass(frozen=True)
class Rows:
    """What the list has of a call: what can be exported of it, and how many others there are."""

    listed: Listed
    on_list: int
    ticked: int | None
    gone: int
    of_other_calls: int

    @property
    def no_export_has(self) -> int:
        """Drafts, and responses that were withdrawn or erased."""
        return self.on_list - len(self.listed.keys)

    @property
    def etag(self) -> str:
        return hashlib.sha256(repr(self.listed).encode()).hexdigest()[:16]


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest, pk: int) -> HttpResponseBase:
        return from_the_list(request, admin, pk)

    guarded = admin.admin_site.admin_view(page)
    return [path("<int:pk>/responses/", guarded, name="exports_teamfiles_responses")]


def from_the_list(request: HttpRequest, admin: ModelAdmin, pk: int) -> HttpResponseBase:
    """Show how many there are to export; send the file that was asked for, or have it made."""
    if request.method not in {"GET", "HEAD", "POST"}:
        raise PermissionDenied
    call = _call_of(request, pk)
    posted = request.method == "POST"
    given = request.POST if posted else request.GET
    error, rows = "", None
    export_filter = ExportFilter()
    try:
        rows = _rows(request, admin, call, given)
        export_filter = ExportFilter(
            listed=rows.listed,
            order=given.get("order") or "oldest",
            campaigns=given.get("campaigns", ""),
            choices=given.get("choices") or "keys",
            several=given.get("several") or "joined",
        ).checked(call)
    except (ExportRefused, FilterRefused) as refused:
        error = str(refused)
    if posted and rows and not error:
        if given.get("rows") != rows.etag:
            error = CHANGED
        else:
            try:
                dataset = dataset_asked_for(request, call, export_filter)
                return _exported(request, dataset, given.get("format", ""))
            except (ExportRefused, UnsupportedByFormat, NoRoom) as refused:
                error = str(refused)
    reader = current_user(request)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": "Export responses of the list",
        "opts": Submission._meta,
        "call": call,
        "error": error,
        "given": given,
        "query": given.get(FILTERS, ""),
        "only": given.get(ONLY, ""),
        "rows": rows,
        "may_name": may_export_named(reader, call),
        "may_export_confidential": may_export_confidential(reader, call),
        "longest_reason": LONGEST_REASON,
        "list_address": _list_address(given),
    }
    if rows:
        context |= _counted(call, export_filter, wanted=given.get("format", "csv"))
    template = "admin/exports/teamfiles/responses.html"
    return TemplateResponse(request, template, context, status=REFUSED if error else 200)


def _call_of(request: HttpRequest, pk: int) -> Call:
    """Return the call, to somebody who reads its responses and may export them.

    Raises Http404 where they read none of it, PermissionDenied where they may not export.
    """
    refuse_unless_somewhere(request, Action.READ_RESPONSES)
    own = narrowed(Call.objects.all(), request.user, Action.READ_RESPONSES, path="pk")
    call = get_object_or_404(own, pk=pk)
    if not may_export(current_user(request), call):
        raise PermissionDenied
    return call


def _rows(request: HttpRequest, admin: ModelAdmin, call: Call, given: QueryDict) -> Rows:
    """Return the call's rows of the list under the query string that was given.

    Raises ExportRefused and FilterRefused where the list cannot read it: it would be all of its
    rows.
    """
    if ERROR_FLAG in QueryDict(given.get(FILTERS, "")):
        raise ExportRefused(UNREADABLE)
    asked = request_under(request, given.get(FILTERS, ""))
    asked.method = "GET"
    try:
        inbox = admin.admin_site.get_model_admin(Submission)
        changes: ChangeList = inbox.get_changelist_instance(asked)
    except IncorrectLookupParameters:
        raise ExportRefused(UNREADABLE) from None
    found = dict(changes.queryset.filter(call=call).order_by().values_list("pk", "state"))
    of_other_calls = changes.queryset.exclude(call=call).order_by().count()
    chosen = narrowed_by(changes)
    ticked = None
    if only := given.get(ONLY):
        wanted = set(row_keys(only.split(".")))
        ticked = len(wanted)
        found = {key: state for key, state in found.items() if key in wanted}
        chosen.append(f"ticked: {ticked}")
        of_other_calls = 0
    keys = sorted(key for key, state in found.items() if state == SubmissionState.SUBMITTED)
    listed = Listed(
        tuple(keys),
        tuple(chosen),
        by_what_they_say=ticked is not None or is_by_what_they_say(changes),
    )
    return Rows(
        listed=listed,
        on_list=len(found),
        ticked=ticked,
        gone=0 if ticked is None else ticked - len(found),
        of_other_calls=of_other_calls,
    )


def _counted(call: Call, export_filter: ExportFilter, *, wanted: str) -> dict[str, Any]:
    """Return how many responses the export has, and what there is to choose."""
    with one_snapshot():
        number = count(Dataset(call, export_filter))
        # Counted once, a campaign may be one more where its confidential responses are withheld.
        all_of_it = replace(export_filter, campaigns="")
        confidential = count(Dataset(call, all_of_it, confidential=True))
        confidential -= count(Dataset(call, all_of_it))
    names = field_names()
    return {
        "number": number,
        "confidential": confidential,
        "formats": formats_offered(number, wanted=wanted),
        "wanted": wanted,
        "shapes": [
            (name, names[name], options, getattr(export_filter, name))
            for name, options in SHAPES.items()
        ],
    }


def _exported(request: HttpRequest, dataset: Dataset, name: str) -> HttpResponseBase:
    rows = count(dataset)
    if not rows:
        raise ExportRefused(NOTHING)
    return export(request, dataset, name, rows, through=THROUGH_LIST)


def _list_address(given: QueryDict) -> str:
    address = reverse("admin:submissions_submission_changelist")
    query = given.get(FILTERS, "")
    return f"{address}?{query}" if query else address
