"""Deleting the files of attachments together with their rows."""

from django.db import connection
from django.db.models import QuerySet

from submissions.responses.models import Attachment, FileScan

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
