"""Responses drawn at random for several coders, each to code them by themselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission


class CodingSample(models.Model):
    """A draw of responses that each of the coders codes. A blind one hides the others' codings.

    `seed` and `facet`, the question by which it is stratified, let somebody draw it again.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="coding_samples")
    coders = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="coding_samples")
    facet = models.CharField(max_length=100, blank=True)
    seed = models.PositiveBigIntegerField()
    is_blind = models.BooleanField(default=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drawn_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-drawn_at", "-pk"]
        verbose_name = "sample to code"
        verbose_name_plural = "samples to code"
        constraints = [
            models.CheckConstraint(
                name="review_sample_closed",
                condition=Q(closed_by=None, closed_at=None)
                | Q(closed_by__isnull=False, closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"sample {self.pk}"


class SampledResponse(models.Model):
    """A response of a sample; `stratum` is its answer to the sample's facet, in keys."""

    sample = models.ForeignKey(CodingSample, on_delete=models.CASCADE, related_name="responses")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="sampled")
    stratum = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("sample", "submission", name="review_sampled_once")]

    def __str__(self) -> str:
        return f"{self.submission} in {self.sample}"


class CodingDone(models.Model):
    """That a coder is done with a response of a sample: their codings of it stand from then on."""

    sampled = models.ForeignKey(SampledResponse, on_delete=models.CASCADE, related_name="done")
    coder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("sampled", "coder", name="review_done_once")]

    def __str__(self) -> str:
        return f"{self.coder} is done with {self.sampled}"
