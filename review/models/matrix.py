"""The cells of the matrix: what the team writes about the passages of a code and an option."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from review.models.codebook import Code
from submissions.calls.models.calls import Call


class MatrixSummary(models.Model):
    """One wording of a cell's summary. A new one is a new row: the highest number holds.

    `across` is the key of what stands across the matrix, such as a facet, and `option` one of its
    columns; both are empty for what was written about all responses under the code.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="matrix_summaries")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, related_name="summaries")
    across = models.CharField(max_length=210, blank=True)
    option = models.CharField(max_length=100, blank=True)
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["code", "across", "option", "-number"]
        verbose_name = "summary in the matrix"
        verbose_name_plural = "matrix"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "across", "option", "number"], name="review_matrixsummary_once"
            ),
            models.CheckConstraint(
                name="review_matrixsummary_numbered", condition=Q(number__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"summary {self.pk}"
