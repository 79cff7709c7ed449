"""Exports that come at once: the server sends the file while the writer makes it."""

from typing import Self

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.current_user import current_user
from core import clock
from exports.formats import FORMATS, file_name
from exports.recording import export_chunks
from exports.steering.doors import downloads_at_once, of_call
from exports.types import Dataset, Pieces
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
    response = HttpResponse(dictionary_csv(Dataset(call)), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{call.slug}-dictionary.csv"'
    return response


def streamed(
    request: HttpRequest, dataset: Dataset, format_name: str, *, reason: str = ""
) -> StreamingHttpResponse:
    """Answer with the export itself, sent while it is made.

    The first piece comes before the answer begins: an export that cannot be made gets an error
    page, and only one that breaks later becomes a download that fails.
    """
    now = clock.portal_now()
    file_format = FORMATS[format_name]
    chunks = export_chunks(
        dataset,
        format_name,
        by=current_user(request),
        at=now,
        reason=reason,
        through="steering page",
    )
    response = StreamingHttpResponse(_Begun(chunks), content_type=file_format.content_type)
    name = file_name(dataset, file_format, at=now)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Begun:
    """Chunks after the first was taken out; the server closes them with its answer."""

    def __init__(self, chunks: Pieces) -> None:
        self._first = [next(chunks, b"")]
        self._chunks = chunks

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return self._first.pop() if self._first else next(self._chunks)

    def close(self) -> None:
        self._chunks.close()
