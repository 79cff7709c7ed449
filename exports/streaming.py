"""Exports that come at once: the server sends the file while the writer makes it."""

from typing import Self

from django.http import HttpRequest, StreamingHttpResponse

from accounts.current_user import current_user
from core import clock
from exports.formats import FORMATS, file_name
from exports.recording import THROUGH_PAGE, export_chunks
from exports.types import Dataset, Pieces


def streamed(
    request: HttpRequest,
    dataset: Dataset,
    format_name: str,
    *,
    reason: str = "",
    through: str = THROUGH_PAGE,
) -> StreamingHttpResponse:
    """Answer with the export itself, sent while it is made.

    The first piece comes before the answer begins: an export that cannot be made gets an error
    page, and only one that breaks later becomes a download that fails.
    """
    now = clock.portal_now()
    chunks = export_chunks(
        dataset,
        format_name,
        by=current_user(request),
        at=now,
        reason=reason,
        through=through,
    )
    file_format = FORMATS[format_name]
    response = StreamingHttpResponse(Begun(chunks), content_type=file_format.content_type)
    name = file_name(dataset, file_format, at=now)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Begun:
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
