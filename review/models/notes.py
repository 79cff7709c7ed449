"""What staff write to each other about a response. It is resolved, and never deleted by staff."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Submission, Version


class Note(models.Model):
    """A note on a response, on the answer to a question, or on a passage of that answer.

    A passage is `[start, end)` in codepoints of the answer in `version`.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="notes")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="mentioned_in")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="review_note_passage",
                condition=Q(start=None, end=None) | Q(question__isnull=False, end__gt=F("start")),
            ),
            models.CheckConstraint(
                name="review_note_resolved",
                condition=Q(resolved_by=None, resolved_at=None)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.pk} on {self.submission}"
