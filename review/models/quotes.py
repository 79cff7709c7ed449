"""Passages that the team may want to quote, all of one call together: its quote bank."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from review.models.texts import FileText
from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Version


class Quote(models.Model):
    """A passage marked as quotable: `[start, end)` in codepoints of an answer in `version`.

    With `file_text` it is a passage of what was read of a file, which answers `question`. It has
    no words of its own: they are read out of the version each time. Whether it may be quoted is
    asked each time, too (`review.quotes.consent`).
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="quotes")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="quotes")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file_text = models.ForeignKey(
        FileText, on_delete=models.CASCADE, null=True, related_name="quotes"
    )
    guid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["version", "question", "start"]
        constraints = [
            models.CheckConstraint(
                name="review_quote_is_not_empty", condition=Q(end__gt=F("start"))
            ),
            models.UniqueConstraint(
                fields=["version", "question", "file_text", "start", "end"],
                name="review_quote_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"quote {self.pk}"


class BlindMark(models.Model):
    """That somebody marked a quote while they coded its response blind and did not see it.

    Until they are done, the quote is theirs for them: marked by them, at this moment.
    """

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="blind_marks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint("quote", "by", name="review_blindmark_once")]

    def __str__(self) -> str:
        return f"mark {self.pk} of a quote"
