"""The table of progress, as a page and as a file."""

import csv
import io
from itertools import groupby

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import refuse_unless_somewhere
from accounts.rights import calls_of
from accounts.states import Action
from core import clock
from core.admin.uk_time import in_uk_time, uk_day
from core.safe_cells import neutralise
from review.progress import progress
from submissions.calls.models import Call


def urls(admin: ModelAdmin) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return show(request, admin)

    def file(request: HttpRequest, slug: str) -> HttpResponse:
        return download(request, slug)

    wrap = admin.admin_site.admin_view
    return [
        path("progress/", wrap(page), name="submissions_submission_progress"),
        path("progress/<slug:slug>.csv", wrap(file), name="submissions_submission_progress_csv"),
    ]


def show(request: HttpRequest, admin: ModelAdmin) -> HttpResponse:
    """Show the table of each call whose responses the person may read."""
    refuse_unless_somewhere(request, Action.READ_RESPONSES)
    calls = list(calls_of(request.user, Action.READ_RESPONSES))
    tables = [
        (call, [(group, list(of)) for group, of in groupby(progress(call), lambda one: one.group)])
        for call in calls
    ]
    context = {
        **admin.admin_site.each_context(request),
        "title": "Progress",
        "opts": admin.opts,
        "tables": tables,
        "at": in_uk_time(clock.portal_now()),
    }
    return TemplateResponse(request, "admin/submissions/submission/progress.html", context)


def download(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the table as CSV: RFC 4180, UTF-8 with BOM."""
    refuse_unless_somewhere(request, Action.READ_RESPONSES)
    own: Call = get_object_or_404(calls_of(request.user, Action.READ_RESPONSES), slug=slug)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["part", "what", "responses"])
    for line in progress(own):
        writer.writerow([neutralise(line.group), neutralise(line.what), line.number])
    day = uk_day(clock.portal_now())
    content = text.getvalue().encode("utf-8-sig")
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{own.slug}-progress-{day}.csv"'
    return answer
