"""Files with many responses that came another way, and which response came of which row."""

import uuid

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import F, Q

from core.claims import Claimable
from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission
from submissions.responses.states import ImportKind, ImportState

FOLDER = "imports"


def import_path(of: "ResponseImport", _name: str) -> str:
    return f"{FOLDER}/{of.public_id.hex}"


def private_storage() -> Storage:
    return storages["private"]


class ResponseImport(Claimable):
    """A CSV file, or a folder as a ZIP, whose rows or files become responses.

    `choices` says what each column is, and what holds for every row. `rows_done` counts the rows
    that were gone through, so that a worker goes on where another one stopped. One is carried out
    at a time, so that mail never waits. The file is deleted as soon as the last row is done.
    """

    CLAIMED = ImportState.RUNNING

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    name = models.CharField(max_length=150)
    file = models.FileField(
        upload_to=import_path, storage=private_storage, max_length=100, blank=True
    )
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    choices = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.CHECKING
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_entered = models.PositiveIntegerField(default=0)
    rows_submitted = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "import of responses"
        verbose_name_plural = "imports of responses"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_responseimport_state", condition=Q(state__in=ImportState.values)
            ),
            models.CheckConstraint(
                name="submissions_responseimport_kind", condition=Q(kind__in=ImportKind.values)
            ),
            models.CheckConstraint(
                name="submissions_responseimport_counts",
                condition=Q(
                    rows_submitted__lte=F("rows_entered"), rows_entered__lte=F("rows_done")
                ),
            ),
            models.UniqueConstraint(
                fields=["state"],
                name="submissions_responseimport_one_running",
                condition=Q(state=ImportState.RUNNING),
            ),
            models.CheckConstraint(
                name="submissions_responseimport_asked",
                condition=Q(state=ImportState.CHECKING)
                | Q(asked_by__isnull=False, asked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"import {str(self.public_id)[:8]}"

    @property
    def is_to_be_checked(self) -> bool:
        return self.state == ImportState.CHECKING

    @property
    def is_done(self) -> bool:
        return self.state == ImportState.DONE


class ImportedRow(models.Model):
    """That a response came of a row, which no import enters again.

    `digest` is keyed, and stands for the row's content and for how many such rows came before it
    in the file. It goes with the response.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="imported_row", primary_key=True
    )
    source = models.ForeignKey(ResponseImport, on_delete=models.PROTECT, related_name="rows")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["source", "number"]
        constraints = [
            models.UniqueConstraint("call", "digest", name="submissions_importedrow_once"),
            models.UniqueConstraint("source", "number", name="submissions_importedrow_number"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.source}"
