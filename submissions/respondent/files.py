"""Downloads of attached files."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from submissions.respondent.browser_session import call_or_404, response_in_session
from submissions.responses.file_types.checking import MEDIA_TYPES
from submissions.responses.models import Attachment


@require_safe
def own_file(request: HttpRequest, slug: str, public_id: UUID) -> FileResponse:
    """Return a file of this browser's response; any other response's file is not found."""
    call = call_or_404(slug)
    submission = response_in_session(request, call)
    if submission is None:
        raise Http404
    files = submission.attachments.select_related("scan")
    attachment = get_object_or_404(files, public_id=public_id)
    if attachment.is_infected:  # the pages say so beside its name
        raise Http404
    return file_response(attachment)


def file_response(attachment: Attachment) -> FileResponse:
    """Return the file as a download: a browser must not show it as a page of this website."""
    try:
        stream = attachment.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    content_type = MEDIA_TYPES.get(attachment.file_type, "application/octet-stream")
    response = FileResponse(
        stream, as_attachment=True, filename=attachment.name, content_type=content_type
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
