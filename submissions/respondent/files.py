"""Downloads of attached files."""

import logging
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.whole_files import FileLost, open_whole
from submissions.respondent.browser_session import call_or_404, response_in_session
from submissions.responses.file_types.detecting import MEDIA_TYPES
from submissions.responses.models import Attachment

logger = logging.getLogger(__name__)


@require_safe
def own_file(request: HttpRequest, slug: str, public_id: UUID) -> HttpResponseBase:
    """Return a file of this browser's response; any other response's file is not found.

    One that is not the file that was given any more is not handed out: the page says so.
    """
    call = call_or_404(slug)
    submission = response_in_session(request, call.slug)
    if submission is None:
        raise Http404
    files = submission.attachments.select_related("scan")
    attachment = get_object_or_404(files, public_id=public_id)
    if attachment.is_infected:  # the pages say so beside its name
        raise Http404
    try:
        return file_response(attachment)
    except FileLost:
        logger.error(
            "%s, %s cannot be handed out: it is missing or damaged", submission, attachment
        )
        context = {"call": call, "name": attachment.name}
        return render(request, "refusals/lost_file.html", context, status=410)


def file_response(attachment: Attachment) -> FileResponse:
    """Return the file as a download: a browser must not show it as a page of this website.

    Raises FileLost.
    """
    stream = open_whole(attachment.file, sha256=attachment.sha256)
    content_type = MEDIA_TYPES.get(attachment.file_type, "application/octet-stream")
    response = FileResponse(
        stream, as_attachment=True, filename=attachment.name, content_type=content_type
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
