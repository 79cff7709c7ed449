"""The steering group's pages: how the call goes, and the data to take away."""

from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_safe

from submissions import clock, spoken_time
from submissions.domain.counting import Counts, count_responses
from submissions.exports.csv_file import CONTENT_TYPE
from submissions.exports.dictionary import dictionary_csv, rules
from submissions.exports.runs import export_chunks
from submissions.exports.shapes import Dataset
from submissions.models import Call

SEE = permission_required("submissions.see_steering", raise_exception=True)
EXPORT = permission_required("submissions.export_pseudonymised", raise_exception=True)


@require_safe
@login_required
@SEE
def overview(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Counts by day, role and income band; with several calls, a choice of one first."""
    calls = list(Call.objects.all())
    if not slug and len(calls) != 1:
        return render(request, "steering/calls.html", {"calls": calls})
    call = get_object_or_404(Call.objects.with_questions(), slug=slug or calls[0].slug)
    now = clock.now()
    counts = count_responses(call, at=now)
    context = {
        "call": call,
        "counts": counts,
        "peaks": _peaks(counts),
        "counted_at": spoken_time.say_moment(now, call.timezone),
        "has_closed": call.has_closed_at(now),
        "has_other_calls": len(calls) > 1,
        "rules": rules(),
    }
    return render(request, "steering/overview.html", context)


def _peaks(counts: Counts) -> dict[str, int]:
    """Return the length of the longest bar of each table, at least 1."""
    return {
        name: max([1, *(row.responses for row in rows)])
        for name, rows in (
            ("day", counts.by_day),
            ("role", counts.by_role),
            ("income_band", counts.by_income_band),
        )
    }


@require_GET
@login_required
@SEE
@EXPORT
def export_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The pseudonymised CSV, streamed; its audit event is written when the last row is out."""
    call = get_object_or_404(Call.objects.with_questions(), slug=slug)
    now = clock.now()
    response = StreamingHttpResponse(
        export_chunks(Dataset(call), "csv", by=request.user, at=now, through="steering page"),
        content_type=CONTENT_TYPE,
    )
    day = f"{now.astimezone(ZoneInfo(call.timezone)):%Y-%m-%d}"
    response["Content-Disposition"] = f'attachment; filename="{call.slug}-{day}.csv"'
    return response


@require_GET
@login_required
@SEE
@EXPORT
def export_dictionary(request: HttpRequest, slug: str) -> HttpResponse:
    """What the columns of the CSV hold, as CSV."""
    call = get_object_or_404(Call.objects.with_questions(), slug=slug)
    response = HttpResponse(dictionary_csv(Dataset(call)), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{call.slug}-dictionary.csv"'
    return response
