"""What the weekly check of the evidence found."""

from django.db import models


class EvidenceCheck(models.Model):
    """One check of all versions and files, and what it found."""

    at = models.DateTimeField(help_text="Real time, at its start.")
    versions = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    problems = models.PositiveIntegerField()
    lines = models.JSONField(
        default=list, help_text="The first problems, without names or answers."
    )

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"evidence check {self.pk}"
