"""What stands at a passage that the coders of a sample coded differently. It is never changed.

Another decision about the same passage takes the place of the one before, which stays.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from review.models.codebook import Code
from review.models.samples import CodingSample
from review.models.texts import FileText
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Version


class CodingDecision(models.Model):
    """That some codes stand at the sentence `[start, end)`, and others do not.

    It is a place as that of a coding. `until` is where the next sentence begins: what a coding
    has of this one lies before it.
    """

    sample = models.ForeignKey(CodingSample, on_delete=models.CASCADE, related_name="decisions")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="coding_decisions")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file_text = models.ForeignKey(FileText, on_delete=models.CASCADE, null=True, related_name="+")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    until = models.PositiveIntegerField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    replaces = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, related_name="replaced_by"
    )

    class Meta:
        ordering = ["version", "question", "start", "pk"]
        constraints = [
            models.CheckConstraint(
                name="review_decision_is_not_empty",
                condition=Q(end__gt=F("start"), until__gte=F("end")),
            ),
            models.UniqueConstraint(
                name="review_decision_first_once",
                fields=["version", "question", "file_text", "start", "end"],
                condition=Q(replaces=None),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class DecidedCode(models.Model):
    """Whether the code stands at the passage of the decision."""

    decision = models.ForeignKey(CodingDecision, on_delete=models.CASCADE, related_name="codes")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="decisions")
    stands = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint("decision", "code", name="review_decided_code_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.decision}"
