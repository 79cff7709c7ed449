"""What staff confirmed of how data ends, and the calendar of each call as a list of the admin."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from submissions.calls.models import Call
from submissions.calls.retention import DataClass


class RetentionConfirmation(models.Model):
    """Somebody read the report of a call and let the portal end data by itself from then on.

    It holds for the `retention_revision` that the call had: what ends earlier since, needs another
    one.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="retention_confirmations")
    retention_revision = models.PositiveIntegerField()
    classes = ArrayField(models.CharField(max_length=20, choices=DataClass.choices))
    periods = models.JSONField(help_text="Class of data -> how long it is kept, as confirmed.")
    due = models.JSONField(help_text="Class of data -> how much of it the report said would end.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: what release 1.0.0 ended by itself.",
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "call",
                "retention_revision",
                name="retention_confirmation_once",
                condition=models.Q(by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"


class RetentionCalendar(Call):
    """A call, as the list of calendars has it."""

    class Meta:
        proxy = True
        verbose_name = "retention calendar"
        ordering = ["-closes_at", "pk"]
