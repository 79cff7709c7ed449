"""The page on which people choose an export: a small one comes at once, a large one later.

The worker makes the large ones.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.asking_again import ask_again
from accounts.current_user import current_user
from core import clock
from core.disclosure_control import FEW
from exports import export_runs
from exports.durations import say_duration
from exports.export_context import UnsupportedByFormat
from exports.filters import (
    CAMPAIGNS,
    CHOICES,
    ORDERS,
    SEVERAL,
    ExportFilter,
    FilterRefused,
    consent_options,
)
from exports.formats import FORMATS
from exports.queries import codes_of, count
from exports.recording import (
    LONGEST_REASON,
    ExportRefused,
    may_export,
    may_export_confidential,
    may_export_named,
    refuse_unless_permitted,
)
from exports.steering.doors import of_call, sees_charts
from exports.steering.filter_form import as_fields, groups_of, read_filter
from exports.steering.on_record import (
    chosen_in_words,
    field_names,
    hides,
    latest_on_record,
    number_in_words,
)
from exports.steering.pulls_on_record import latest_pulls
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
HINTS = {
    "csv": gettext_lazy("One row per response. For spreadsheets, R and Python."),
    "xlsx": gettext_lazy("One row per response, with the data dictionary and the counts."),
    "counts": gettext_lazy(
        "How many chose each option of every closed question, with the share and its base."
    ),
    "csv-excel": gettext_lazy(
        "To open in Excel by a double click: a ZIP of the CSV with a byte order mark and the "
        "data dictionary."
    ),
    "long": gettext_lazy(
        "One row per answer, and per choice of several: a ZIP with the dictionary."
    ),
    "r": gettext_lazy("A ZIP of the CSV, a script that loads and labels it, and the dictionary."),
    "sav": gettext_lazy("With labels of variables and values: a ZIP with the dictionary."),
    "dta": gettext_lazy("With labels of variables and values: a ZIP with the dictionary."),
    "parquet": gettext_lazy("For pandas, polars, DuckDB and Arrow: a ZIP with the dictionary."),
    "json": gettext_lazy("One response a line, every character as it was written."),
    "qdpx": gettext_lazy(
        "Every response with its codes, for NVivo, ATLAS.ti, MAXQDA and QualCoder."
    ),
    "codings": gettext_lazy(
        "One row per coded passage: its code, its coder, its place and its words."
    ),
    "qdc": gettext_lazy("The codes alone."),
    "docx": gettext_lazy("To read: one document with contents."),
    "docx-each": gettext_lazy("To read: a ZIP of one document per response."),
    "pdf": gettext_lazy("To read and print: one tagged document with contents."),
    "pdf-each": gettext_lazy("To read and print: a ZIP of one tagged document per response."),
    "attachments": gettext_lazy("What respondents attached, named by reference, in a ZIP."),
    "bundle": gettext_lazy(
        "Every format here in one ZIP with a manifest: the data, reading copies, and the files."
    ),
    "datapackage": gettext_lazy("What the columns hold, for programs."),
    "dictionary": gettext_lazy("What the columns hold, in the words of the questions."),
}
SHOWN_RUNS = 10
SHOWN_ON_RECORD = 50


@require_http_methods(["GET", "HEAD", "POST"])
@of_call(may_export)
def choose(request: HttpRequest, call: Call) -> HttpResponseBase:
    """GET counts the responses that the filter names. POST exports them, now or by the worker.

    Where the filter is refused, there is nothing to export: it would be all responses.
    """
    reader = current_user(request)
    given = request.POST if request.method == "POST" else request.GET
    takes_confidential = may_export_confidential(reader, call)
    # A code may say what a passage says: whoever may not have the passage does not get its name.
    codes = tuple(code.name for code in codes_of(Dataset(call, confidential=takes_confidential)))
    errors: list[tuple[str, str]] = []
    filter_refused = False
    try:
        export_filter = read_filter(call, given).checked(call, codes)
    except FilterRefused as error:
        errors.append((str(error), "filters"))
        filter_refused = True
        export_filter = ExportFilter()
    # Only an export may show more: by searching, people would learn what it says.
    dataset = (
        _asked_for(request, call, export_filter)
        if request.method == "POST"
        else Dataset(call, export_filter)
    )
    rows = count(dataset)
    if request.method == "POST" and not errors:
        try:
            return _export(request, dataset, given.get("format", ""), rows)
        except (ExportRefused, UnsupportedByFormat) as error:
            needs_reason = dataset.named or dataset.confidential
            errors.append((str(error), "id_reason" if needs_reason else "formats"))
    if dataset.named or dataset.confidential:
        dataset = Dataset(call, export_filter)
        rows = count(dataset)
    context = _shown(dataset, rows, codes) | {
        "errors": errors,
        "filter_refused": filter_refused,
        "given": given,
        "wanted": given.get("format", "csv"),
        "may_name": may_export_named(reader, call),
        "may_export_confidential": takes_confidential,
        "may_see_charts": sees_charts(reader, call),
        "record": latest_on_record(call, SHOWN_ON_RECORD, reader=reader),
        "pulls": latest_pulls(call, SHOWN_ON_RECORD, reader=reader),
        "runs": export_runs.runs_of(call, by=reader)[:SHOWN_RUNS],
    }
    return render(request, "steering/choose.html", context, status=422 if errors else 200)


def _asked_for(request: HttpRequest, call: Call, export_filter: ExportFilter) -> Dataset:
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


def _shown(dataset: Dataset, rows: int, codes: Sequence[str]) -> dict[str, Any]:
    """Return what the page shows of a dataset of `rows` responses."""
    call, export_filter = dataset.call, dataset.export_filter
    total = rows if export_filter.filters() == {} else count(Dataset(call))
    return {
        "call": call,
        "groups": groups_of(call, export_filter, codes),
        "export_filter": export_filter,
        "asks_quoting": "quote_ok" in consent_options(call),
        "orders": [(key, label, key == export_filter.order) for key, label in ORDERS.items()],
        "campaigns": [
            (key, label, key == export_filter.campaigns) for key, label in CAMPAIGNS.items()
        ],
        "shapes": [
            (name, field_names()[name], options, getattr(export_filter, name))
            for name, options in (("choices", CHOICES), ("several", SEVERAL))
        ],
        "chosen": chosen_in_words(call, export_filter.filters()),
        "hidden": as_fields(export_filter),
        # So that not even the plural tells one from several.
        "rows": FEW if hides(call, rows, of=total) else rows,
        "rows_in_words": number_in_words(call, rows, of=total),
        "of": number_in_words(call, total, of=total),
        "formats": [
            (name, FORMATS[name].label, hint, _wait(name, rows))
            for name, hint in HINTS.items()
            if name in FORMATS and FORMATS[name].is_available
        ],
    }


def _wait(name: str, rows: int) -> str:
    """Say how long a format takes that does not come at once."""
    return "" if _comes_at_once(name, rows) else say_duration(name, rows)


def _export(request: HttpRequest, dataset: Dataset, name: str, rows: int) -> HttpResponseBase:
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
        return streamed(request, dataset, name, reason=reason)
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
