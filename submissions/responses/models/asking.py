"""What staff ask the author of a response, and what the author answers: beside the response."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from submissions.outbox.models import OutboxEmail
from submissions.responses.models.responses import Submission


class FollowUp(models.Model):
    """A question that staff ask the author of a response, by a mail with a link that answers it.

    Erasing empties `text` and ends it; the row stays, so that the link can say so.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="follow_ups")
    mail = models.OneToOneField(
        OutboxEmail, on_delete=models.SET_NULL, null=True, related_name="follow_up"
    )
    token_sha256 = models.CharField(
        max_length=64, unique=True, editable=False, help_text="Of the link that answers it."
    )
    text = models.TextField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    answer_until = models.DateTimeField(help_text="Answers are taken until just before this.")
    refused_at = models.DateTimeField(
        null=True, help_text="When the author asked on its page to be asked nothing more."
    )
    ended_at = models.DateTimeField(null=True, help_text="When it ended with what was erased.")

    class Meta:
        verbose_name = "question to an author"
        verbose_name_plural = "questions to authors"
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_followup_asked_before",
                condition=Q(asked_at__lt=F("answer_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} about {self.submission}"


class Reply(models.Model):
    """An answer to a question of staff, as it was sent; a corrected one is a row of its own.

    `deadline` is what applied to `received_at`.
    """

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="replies")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    received_at = models.DateTimeField()
    deadline = models.DateTimeField()

    class Meta:
        verbose_name = "answer of an author"
        verbose_name_plural = "answers of authors"
        ordering = ["follow_up", "number"]
        constraints = [
            models.UniqueConstraint("follow_up", "number", name="submissions_reply_number"),
            models.CheckConstraint(
                name="submissions_reply_before_deadline",
                condition=Q(received_at__lt=F("deadline")),
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.number} to {self.follow_up}"
