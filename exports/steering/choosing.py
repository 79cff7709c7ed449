"""The page on which people choose an export: a small one comes at once, a large one later.

The worker makes the large ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.current_user import current_user
from core import clock
from core.disclosure_control import FEW
from core.disk_reserve import NoRoom
from exports import export_runs
from exports.asked_for import dataset_asked_for, export, formats_offered
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
from exports.formats import label_of
from exports.permissions import ExportRefused, may_export, may_export_confidential, may_export_named
from exports.queries import count, one_snapshot, used_codes
from exports.recording import read_by
from exports.steering.access import of_call, sees_charts
from exports.steering.filter_form import as_fields, groups_of, read_filter
from exports.steering.on_record import (
    chosen_in_words,
    field_names,
    hides,
    latest_on_record,
    number_in_words,
)
from exports.steering.pulls_on_record import latest_pulls
from exports.types import Dataset
from submissions.calls.models import Call

SHOWN_RUNS = 50
SHOWN_ON_RECORD = 50
SHAPES = {"order": ORDERS, "choices": CHOICES, "several": SEVERAL}


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
    whole = read_by(Dataset(call, confidential=takes_confidential), reader)
    codes = tuple(code.name for code in used_codes(whole))
    errors: list[tuple[str, str]] = []
    filter_refused = False
    try:
        export_filter = read_filter(call, given).checked(call, codes)
    except FilterRefused as error:
        errors.append((str(error), "filters"))
        filter_refused = True
        export_filter = ExportFilter()
    if request.method == "POST":
        asked = dataset_asked_for(request, call, export_filter)
        if not errors:
            try:
                rows = count(replace(asked, reader=reader, blind=whole.blind))
                return export(request, asked, given.get("format", ""), rows)
            except (ExportRefused, UnsupportedByFormat, NoRoom) as error:
                needs_reason = asked.named or asked.confidential
                errors.append((str(error), "id_reason" if needs_reason else "formats"))
    # Only an export may show more: by searching, people would learn what it says.
    dataset = replace(whole, export_filter=export_filter, confidential=False)
    wanted = given.get("format", "csv")
    now = clock.portal_now()
    runs = [
        (run, run.file_name or label_of(run.file_format), export_runs.is_in_time(run, at=now))
        for run in export_runs.runs_of(call, by=reader)[:SHOWN_RUNS]
    ]
    with one_snapshot():
        rows = count(dataset)
        shown = _shown(dataset, rows, codes) | {
            "record": latest_on_record(call, SHOWN_ON_RECORD + 1, reader=reader),
            "pulls": latest_pulls(call, SHOWN_ON_RECORD + 1, reader=reader),
            "shown_on_record": SHOWN_ON_RECORD,
        }
    context = shown | {
        "errors": errors,
        "filter_refused": filter_refused,
        "given": given,
        "formats": formats_offered(rows, wanted=wanted),
        "wanted": wanted,
        "may_name": may_export_named(reader, call),
        "may_export_confidential": takes_confidential,
        "may_see_charts": sees_charts(reader, call),
        "runs": runs,
        "kept": sum(is_kept or run.state in export_runs.UNFINISHED for run, _, is_kept in runs),
    }
    return render(request, "steering/choose.html", context, status=422 if errors else 200)


def _shown(dataset: Dataset, rows: int, codes: Sequence[str]) -> dict[str, Any]:
    """Return what the page shows of a dataset of `rows` responses."""
    call, export_filter = dataset.call, dataset.export_filter
    total = rows if export_filter.filters() == {} else count(Dataset(call))
    written = as_fields(export_filter)
    return {
        "call": call,
        "groups": groups_of(call, export_filter, codes),
        "export_filter": export_filter,
        "asks_quoting": "quote_ok" in consent_options(call),
        "campaigns": [
            (key, label, key == export_filter.campaigns) for key, label in CAMPAIGNS.items()
        ],
        "shapes": [
            (name, field_names()[name], options, getattr(export_filter, name))
            for name, options in SHAPES.items()
        ],
        # Chosen with the format; a page that is asked for with them keeps them.
        "shaped": [(name, value) for name, value in written if name in SHAPES],
        "chosen": chosen_in_words(call, export_filter.filters()),
        "hidden": [(name, value) for name, value in written if name not in SHAPES],
        # So that not even the plural tells one from several.
        "rows": FEW if hides(call, rows, of=total) else rows,
        "rows_in_words": number_in_words(call, rows, of=total),
        "of": number_in_words(call, total, of=total),
    }
