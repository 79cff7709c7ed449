"""What the virus scanner said of files."""

from django.db import models
from django.db.models import Q

from submissions.responses.models.attachments import Attachment
from submissions.responses.states import ScanState


class FileScan(models.Model):
    """The scanner's answer about one file. A file without a row has not been scanned."""

    attachment = models.OneToOneField(
        Attachment, on_delete=models.CASCADE, related_name="scan", primary_key=True
    )
    state = models.CharField(max_length=10, choices=ScanState.choices)
    detail = models.CharField(
        max_length=200,
        blank=True,
        help_text="What was found, or why the scanner could not tell.",
    )
    scanned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="submissions_filescan_state", condition=Q(state__in=ScanState.values)
            ),
            models.CheckConstraint(
                name="submissions_filescan_only_clean_has_no_detail",
                condition=Q(state=ScanState.CLEAN, detail="")
                | Q(~Q(state=ScanState.CLEAN), ~Q(detail="")),
            ),
        ]

    def __str__(self) -> str:
        return f"scan of {self.attachment}"
