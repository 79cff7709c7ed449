"""The downloads beside the charts."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
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
def export_csv(request: HttpRequest, call: Call) -> StreamingHttpResponse:
    """The pseudonymised CSV of all responses; its audit event follows the last row.

    Raises BadRequest for any filter: the page of exports has those.
    """
    if request.GET:
        raise BadRequest("export.csv takes no filter")
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
