"""Deleting the files of attachments together with their rows."""

from django.db import connection, transaction
from django.db.models import QuerySet

from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.states import SubmissionState

# Django would look for versions that have them, by a DELETE for which the portal's role has no
# right. The foreign key of such a version refuses this one.
DELETE = "DELETE FROM submissions_attachment WHERE id = ANY(%s)"


def delete_files(attachments: QuerySet[Attachment]) -> int:
    """Delete files that no version has and their rows, in the caller's transaction; say how many.

    The rows first, with their constraints checked; the files before the commit. A worker that dies
    in between leaves a row without its file, which the next run deletes. It never leaves a file
    that no row knows.
    """
    files = delete_rows(attachments)
    for attachment in files:
        attachment.file.storage.delete(attachment.file.name)
    return len(files)


def end_removed(attachments: QuerySet[Attachment]) -> int:
    """Delete those that were taken out of the working copy and that no version has.

    Raises StoreAway; then their rows stay, to be found again.
    """
    with transaction.atomic():
        return delete_files(attachments.filter(removed_at__isnull=False, versions=None))


def end_removed_from_drafts() -> int:
    """Delete what authors took out of their drafts while the bucket was away.

    Of other responses, what is in no version ends after its period (`ending.drafts`).
    """
    drafts = Submission.objects.filter(state=SubmissionState.DRAFT)
    return end_removed(Attachment.objects.filter(submission__in=drafts))


def delete_rows(attachments: QuerySet[Attachment]) -> list[Attachment]:
    """Delete the rows of files that no version has; return them: their files are still there."""
    found = list(attachments)
    keys = [attachment.pk for attachment in found]
    if keys:
        FileScan.objects.filter(attachment__in=keys).delete()
        with connection.cursor() as cursor:
            cursor.execute(DELETE, [keys])
        connection.check_constraints()
    return found
