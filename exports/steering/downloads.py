"""The downloads beside the charts."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core import clock
from exports.formats import FORMATS, file_name
from exports.steering.access import downloads_at_once, of_call
from exports.streaming import streamed
from exports.types import Dataset
from exports.writers.csv_file import CONTENT_TYPE
from exports.writers.dictionary import dictionary_csv
from submissions.calls.models import Call


@require_GET
@of_call(downloads_at_once)
def export_csv(request: HttpRequest, call: Call) -> HttpResponseBase:
    """The pseudonymised CSV of all responses; its audit event follows the last row.

    Any filter gets a page with status 400 that leads to the page of exports, which has those.
    """
    if request.GET:
        context = {"call": call, "asked": request.GET.urlencode()}
        return render(request, "steering/takes_no_filter.html", context, status=400)
    return streamed(request, Dataset(call), "csv")


@require_GET
@of_call(downloads_at_once)
def export_dictionary(request: HttpRequest, call: Call) -> HttpResponse:
    """What the columns of the CSV hold, as CSV."""
    dataset = Dataset(call)
    response = HttpResponse(dictionary_csv(dataset), content_type=CONTENT_TYPE)
    name = file_name(dataset, FORMATS["dictionary"], at=clock.portal_now())
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
