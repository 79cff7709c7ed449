"""Responses that came another way, which staff enter."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from submissions.responses.models.responses import Submission
from submissions.responses.states import Acknowledgement


class Entry(models.Model):
    """That staff enter a response, and when it reached the project: that judges its deadline."""

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="entry", primary_key=True
    )
    received_at = models.DateTimeField()
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    begun_at = models.DateTimeField()
    their_reference = models.CharField(
        max_length=100, blank=True, help_text="A number that it came with, or has in your files."
    )
    acknowledgement = models.CharField(max_length=10, choices=Acknowledgement.choices)

    class Meta:
        verbose_name = "entered response"
        verbose_name_plural = "entered responses"
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_entry_acknowledgement",
                condition=Q(acknowledgement__in=Acknowledgement.values),
            ),
            models.CheckConstraint(
                name="submissions_entry_received_first",
                condition=Q(received_at__lte=F("begun_at")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.submission)
