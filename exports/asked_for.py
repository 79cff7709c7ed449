"""What a form asks to export: the formats it offers, the dataset, and the file, now or later."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.asking_again import ask_again
from accounts.current_user import current_user
from core import clock
from exports import export_runs
from exports.durations import say_duration
from exports.export_context import UnsupportedByFormat
from exports.filters import ExportFilter
from exports.formats import FORMATS
from exports.offered import GROUPS, HINTS
from exports.permissions import (
    ExportRefused,
    may_export_confidential,
    may_export_named,
    refuse_unless_permitted,
)
from exports.recording import LONGEST_REASON, THROUGH_PAGE
from exports.streaming import streamed
from exports.tasks import nudge_exports
from exports.types import Dataset
from submissions.calls.models import Call

# Up to how many responses a format comes at once; the others always come from the worker.
AT_ONCE = {
    "csv": 20_000,
    "codings": 1_000_000,
    "counts": 1_000_000,
    "json": 5_000,
    "csv-excel": 20_000,
    "long": 5_000,
    "r": 20_000,
    "sav": 200,
    "dta": 200,
    "parquet": 500,
    "xlsx": 500,
    "qdpx": 500,
    "docx": 50,
    "qdc": 1_000_000,
    "datapackage": 1_000_000,
    "dictionary": 1_000_000,
}


@dataclass(frozen=True)
class OfferedFormat:
    """A format to choose; `wait` is empty for what comes at once."""

    name: str
    label: str
    hint: str
    wait: str


@dataclass(frozen=True)
class OfferedGroup:
    """Formats for one purpose, and what says so while they are folded."""

    legend: str
    contents: str
    formats: Sequence[OfferedFormat]
    is_open: bool


def formats_offered(rows: int, *, wanted: str) -> Sequence[OfferedGroup]:
    """Return the formats that there are, in their groups; that of the `wanted` one is open."""
    offered = []
    for group in GROUPS:
        names = [name for name in group.words if FORMATS[name].is_available]
        formats = [
            OfferedFormat(
                name,
                FORMATS[name].label,
                str(HINTS[name]),
                "" if _comes_at_once(name, rows) else say_duration(name, rows),
            )
            for name in names
        ]
        contents = ", ".join(str(group.words[name]) for name in names if group.words[name])
        if formats:
            offered.append(OfferedGroup(str(group.legend), contents, formats, wanted in names))
    return offered


def dataset_asked_for(request: HttpRequest, call: Call, export_filter: ExportFilter) -> Dataset:
    """Return the dataset that the form asks for; raise PermissionDenied where it may not."""
    named = request.POST.get("named") == "yes"
    confidential = request.POST.get("confidential") == "yes"
    if named and not may_export_named(current_user(request), call):
        raise PermissionDenied
    if confidential and not may_export_confidential(current_user(request), call):
        raise PermissionDenied
    return Dataset(
        call,
        export_filter,
        named=named,
        includes_unnamed=named and request.POST.get("includes_unnamed") == "yes",
        confidential=confidential,
    )


def export(
    request: HttpRequest, dataset: Dataset, name: str, rows: int, *, through: str = THROUGH_PAGE
) -> HttpResponseBase:
    """Answer with the file in the format of that name, or lead to the page of its export run.

    Raises ExportRefused and UnsupportedByFormat, with what the form says then.
    """
    reason = request.POST.get("reason", "").replace("\0", "")
    if name not in HINTS or name not in FORMATS:
        raise UnsupportedByFormat(_("Select a format."))
    if len(reason) > LONGEST_REASON:
        raise ExportRefused(
            _("Give the reason in %(most)d characters or fewer.") % {"most": LONGEST_REASON}
        )
    refuse_unless_permitted(dataset, by=current_user(request), reason=reason)
    if dataset.named or dataset.confidential:
        ask_again(request)
    if _comes_at_once(name, rows):
        return streamed(request, dataset, name, reason=reason, through=through)
    run = export_runs.enqueue(
        call=dataset.call,
        by=current_user(request),
        at=clock.portal_now(),
        file_format=name,
        filters=dataset.export_filter.filters(),
        rows_total=rows,
        scope=dataset.scope,
        reason=reason,
    )
    nudge_exports()
    return redirect("export_run", slug=dataset.call.slug, public_id=run.public_id)


def _comes_at_once(name: str, rows: int) -> bool:
    return rows <= AT_ONCE.get(name, -1)
