"""Memos: what the team thinks while it analyses, each with what it is about."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from review.models.codebook import Code
from review.models.texts import FileText
from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Submission, Version


class Memo(models.Model):
    """A thought on a code, on a response, on a passage of it, or else on the whole call.

    A passage is `[start, end)` in codepoints of an answer in `version`, with `file_text` of what
    was read of a file. `revision` counts its texts from 1; earlier ones are kept (`MemoText`).
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="memos")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, null=True, related_name="memos")
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, null=True, related_name="memos"
    )
    version = models.ForeignKey(Version, on_delete=models.CASCADE, null=True, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, related_name="+")
    file_text = models.ForeignKey(FileText, on_delete=models.CASCADE, null=True, related_name="+")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    title = models.CharField(max_length=200)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="review_memo_about",
                condition=Q(code=None) | Q(submission=None),
            ),
            models.CheckConstraint(
                name="review_memo_passage",
                condition=Q(version=None, question=None, file_text=None, start=None, end=None)
                | Q(
                    submission__isnull=False,
                    version__isnull=False,
                    question__isnull=False,
                    end__gt=F("start"),
                ),
            ),
            models.CheckConstraint(
                name="review_memo_changed",
                condition=Q(changed_by=None, changed_at=None, revision=1)
                | Q(changed_by__isnull=False, changed_at__isnull=False, revision__gt=1),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MemoText(models.Model):
    """A text that a memo had before it was changed, with who wrote it and when."""

    memo = models.ForeignKey(Memo, on_delete=models.CASCADE, related_name="earlier")
    revision = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-revision"]
        constraints = [
            models.UniqueConstraint("memo", "revision", name="review_memotext_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, text {self.revision}"
