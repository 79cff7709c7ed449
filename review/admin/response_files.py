"""A respondent's file, as a download for staff."""

import io

from django.core.files.base import File
from django.http import FileResponse

from core.whole_files import open_whole
from submissions.responses.author_metadata.cleaning import without_author
from submissions.responses.models import Attachment


def file_download(attachment: Attachment, *, sees_identity: bool) -> FileResponse:
    """Return the file; without its author's details for people who may not see who answered.

    Raises FileLost if the store has it no longer as it was given, CannotBeCleaned if the details
    cannot be taken out.
    """
    stream: File | io.BytesIO = open_whole(attachment.file, sha256=attachment.sha256)
    if not sees_identity:
        with stream:
            stream = io.BytesIO(without_author(attachment.file_type, stream.read()))
    download = FileResponse(
        stream,
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream",
    )
    download["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return download
