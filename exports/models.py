"""Exports that a worker makes. The portal keeps each file for the period of its call."""

import uuid

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import F, Q

from core.claims import Claimable
from exports.states import ExportState
from exports.token_models import ApiToken, Change
from submissions.calls.models.calls import Call

__all__ = ["ApiToken", "Change", "ExportRun", "TeamFiles"]

FOLDER = "exports"


class TeamFiles(Call):
    """A call, as the list has it of what its team takes away."""

    class Meta:
        proxy = True
        verbose_name = "files for the team"
        verbose_name_plural = "files for the team"
        ordering = ["-closes_at", "pk"]


def export_path(run: "ExportRun", _name: str) -> str:
    return f"{FOLDER}/{run.public_id.hex}"


def private_storage() -> Storage:
    return storages["private"]


class ExportRun(Claimable):
    """One export: what was asked for, how far it is, and the file while the portal keeps it.

    The worker makes one at a time, so that mail never waits for exports.
    """

    CLAIMED = ExportState.RUNNING

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="export_runs")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    file_format = models.CharField(max_length=20)
    named = models.BooleanField(default=False, help_text="Says who answered.")
    includes_unnamed = models.BooleanField(
        default=False,
        help_text="A named export also names those who did not choose to be named.",
    )
    confidential = models.BooleanField(
        default=False, help_text="Has the evidence of confidential responses."
    )
    reason = models.CharField(max_length=500, blank=True)
    filters = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=ExportState.choices, default=ExportState.WAITING
    )
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    file = models.FileField(
        upload_to=export_path, storage=private_storage, max_length=100, blank=True
    )
    file_name = models.CharField(max_length=150, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=300, blank=True)
    lost_files = models.PositiveIntegerField(
        default=0, help_text="Files of responses that were missing or damaged when it was made."
    )

    class Meta:
        verbose_name = "export"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="exports_exportrun_state", condition=Q(state__in=ExportState.values)
            ),
            models.CheckConstraint(
                name="exports_exportrun_done_has_digest",
                condition=~Q(state=ExportState.DONE)
                | Q(sha256__regex=r"^[0-9a-f]{64}$", finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="exports_exportrun_named_has_reason",
                condition=Q(named=False) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="exports_exportrun_confidential_has_reason",
                condition=Q(confidential=False) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="exports_exportrun_done_within_total",
                condition=Q(rows_done__lte=F("rows_total")),
            ),
            models.CheckConstraint(
                name="exports_exportrun_running_has_claim",
                condition=~Q(state=ExportState.RUNNING) | Q(claimed_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["state"],
                name="exports_exportrun_one_running",
                condition=Q(state=ExportState.RUNNING),
            ),
        ]

    def __str__(self) -> str:
        return f"export {str(self.public_id)[:8]}"
