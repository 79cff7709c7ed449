"""The codebook of a call, and the passages that staff coded. Coding never changes evidence."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from review.models.texts import FileText
from review.states import CodePattern
from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Version


class Code(models.Model):
    """A theme to which passages belong. A code may have codes below it.

    A retired code keeps its codings and takes no new ones. One that was merged into another is
    retired, and has no codings: they are the other's now.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="codes")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    guid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    description = models.TextField("definition", blank=True)
    use_when = models.TextField(blank=True)
    do_not_use_when = models.TextField(blank=True)
    example = models.TextField(blank=True)
    colour = models.CharField(max_length=7, blank=True)
    pattern = models.CharField(
        "line", max_length=10, choices=CodePattern.choices, default=CodePattern.SOLID
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_retired = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="merged"
    )

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint("call", "name", name="review_code_name"),
            models.CheckConstraint(
                name="review_code_colour",
                condition=Q(colour="") | Q(colour__regex=r"^#[0-9a-f]{6}$"),
            ),
            models.CheckConstraint(
                name="review_code_not_its_own_parent", condition=~Q(parent=F("pk"))
            ),
            models.CheckConstraint(
                name="review_code_merged_is_retired",
                condition=Q(merged_into=None) | Q(is_retired=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Coding(models.Model):
    """A passage that belongs to a code: `[start, end)` in codepoints of an answer in `version`.

    With `file_text` it is a passage of what was read of a file, which answers `question`.
    """

    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="codings")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="codings")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file_text = models.ForeignKey(
        FileText, on_delete=models.CASCADE, null=True, related_name="codings"
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
                name="review_coding_is_not_empty", condition=Q(end__gt=F("start"))
            ),
            models.UniqueConstraint(
                fields=["code", "version", "question", "file_text", "start", "end", "by"],
                name="review_coding_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"coding {self.pk}"
