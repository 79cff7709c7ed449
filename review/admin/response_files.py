"""A respondent's file for staff: whether they get it, the download, and that it goes on record."""

import io

from django.core.files.base import File
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest

from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.record import record
from accounts.rights import Person
from accounts.states import AuditAction
from core import clock
from core.whole_files import open_whole
from review.models import RedactedVersion
from review.redaction.readable_texts import hidden_files, sees_redacted
from submissions.responses.author_metadata.cleaning import without_author
from submissions.responses.models import Attachment, Submission
from submissions.responses.states import SubmissionState

# Who may see who answered opens the original of a draft where it is entered.
NO_DRAFT = [state for state in SubmissionState if state != SubmissionState.DRAFT]


def files_of(response: Submission, *, reader: Person) -> QuerySet[Attachment]:
    """Return the files of its versions, and its original for who may see who answered."""
    theirs = Q(versions__isnull=False)
    if may_see_identity(reader, response.call_id):
        theirs |= Q(question=None)
    submitted = Attachment.objects.filter(submission=response, submission__state__in=NO_DRAFT)
    return submitted.filter(theirs).distinct()


def is_hidden_from(reader: Person, attachment: Attachment, call: int) -> bool:
    """Return whether words of the file are hidden from the reader, who does not get it then.

    An original has every word of the answers that were entered from it.
    """
    if sees_redacted(reader, call):
        return False
    if attachment.question_id is None:
        hidden = RedactedVersion.objects.filter(version__submission=attachment.submission_id)
        return hidden.exists()
    return bool(hidden_files([attachment.pk]))


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


def record_opened(
    request: HttpRequest, response: Submission, attachment: Attachment, **seen: bool
) -> None:
    """Put on record that the file was opened.

    `seen` is `text=True` or `picture=True` where it was not the file itself.
    """
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.FILE_OPENED,
        call=response.call,
        submission=response,
        file=str(attachment.public_id),
        sha256=attachment.sha256,
        **seen,
    )
