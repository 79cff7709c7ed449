"""Deleting the files of attachments together with their rows."""

import logging
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from core.attempts import Attempts
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.states import SubmissionState

logger = logging.getLogger(__name__)
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
        return delete_files(_removed(attachments))


def end_removed_from_drafts() -> int:
    """Delete what authors took out of their drafts and could not be deleted then; return how many.

    Of other responses, what is in no version ends after its period (`ending.drafts`). Raises
    SomeFailed after the others where one could not be deleted.
    """
    ended = 0
    with Attempts(logger) as attempts:
        for key in _removed_from_drafts().order_by("pk").values_list("pk", flat=True):
            if attempts.store_is_away:
                break
            with attempts.at("file %s, which was taken out", key):
                ended += end_removed(Attachment.objects.filter(pk=key))
    return ended


def removed_from_drafts(*, before: datetime) -> list[str]:
    """Return the names of the files that authors took out before then and that are still there."""
    files = _removed_from_drafts().filter(removed_at__lte=before).order_by("pk")
    return list(files.values_list("file", flat=True))


def _removed_from_drafts() -> QuerySet[Attachment]:
    drafts = Submission.objects.filter(state=SubmissionState.DRAFT)
    return _removed(Attachment.objects.filter(submission__in=drafts))


def _removed(attachments: QuerySet[Attachment]) -> QuerySet[Attachment]:
    return attachments.filter(removed_at__isnull=False, versions=None)


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
