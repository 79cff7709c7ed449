"""The files given as evidence: in the working copy, and in the versions that have them."""

import uuid

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q

from submissions.calls.models.questions import Question
from submissions.responses.states import ScanState


def attachment_path(attachment: "Attachment", _name: str) -> str:
    """A generated name: nothing of the respondent's file name reaches the disk."""
    return f"attachments/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}"


def private_storage() -> Storage:
    return storages["private"]


class Attachment(models.Model):
    """A file given as evidence; never served from the web root."""

    submission = models.ForeignKey(
        "submissions.Submission", on_delete=models.CASCADE, related_name="attachments"
    )
    question = models.ForeignKey(
        Question,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="None for the original of an entered response, which says who answered.",
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=150)
    file = models.FileField(upload_to=attachment_path, storage=private_storage, max_length=100)
    file_type = models.CharField(max_length=10)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(
        null=True, help_text="Taken out of the working copy; earlier versions keep it."
    )

    class Meta:
        ordering = ["uploaded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_attachment_not_empty", condition=Q(size__gt=0)
            ),
            models.CheckConstraint(
                name="submissions_attachment_sha256",
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"file {str(self.public_id)[:8]}"

    @property
    def is_infected(self) -> bool:
        """Whether the virus scanner found something: then nobody gets the file, nor its owner."""
        scan = getattr(self, "scan", None)
        return scan is not None and scan.state == ScanState.INFECTED
