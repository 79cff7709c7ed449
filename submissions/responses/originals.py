"""The originals of entered responses: the letter as a scan, the mail as a file.

An original says who answered. So it is in no version and in no export, and of those who read the
response only who may see that opens it.
"""

from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet

from submissions.responses.attaching import check, store
from submissions.responses.errors import FileRefused
from submissions.responses.file_types.detecting import TYPES
from submissions.responses.models import Attachment, Submission
from submissions.responses.working_copy import lock_working_copy

MOST = 20
MOST_MB = 50


def originals_of(submission: Submission) -> QuerySet[Attachment]:
    return Attachment.objects.filter(submission=submission, question=None, removed_at=None)


def add_original(submission: Submission, upload: UploadedFile, *, at: datetime) -> Attachment:
    """Keep a file beside the response while staff enter it; the same file is kept once.

    Raises FileRefused as `attach` does, and AlreadySubmitted.
    """
    file = check(upload, types=tuple(TYPES), max_mb=MOST_MB)
    with transaction.atomic():
        lock_working_copy(submission)
        present = originals_of(submission)
        same = present.filter(sha256=file.sha256).first()
        if same is not None:
            return same
        if present.count() >= MOST:
            raise FileRefused(f"“{file.name}” was not added: {MOST} files are here already")
        return store(file, submission=submission, question=None, at=at)
