"""Findings: what the team says that the responses show, how strongly, and on which passages."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from review.models.codebook import Code
from review.models.quotes import Quote
from review.models.texts import FileText
from review.states import FindingBase, FindingStatus, ReportAudience, ReportFormat, Stance
from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Version


class StrengthStep(models.Model):
    """A word of the call's scale, and from which share of the base on it may be used."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="strength_steps")
    name = models.CharField(max_length=30)
    smallest_share = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(100)], help_text="Per cent of the base."
    )

    class Meta:
        ordering = ["-smallest_share"]
        constraints = [
            models.UniqueConstraint("call", "name", name="review_strengthstep_name"),
            models.CheckConstraint(
                name="review_strengthstep_share", condition=Q(smallest_share__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReportHeading(models.Model):
    """A heading of the call's report. What follows it in the outline stands under it."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="report_headings")
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


class Finding(models.Model):
    """A claim about the responses of a call, and the responses by which it is counted.

    `questions` and `roles` are keys: the base is who answered one of the questions, if there are
    any, among those with one of the roles, if there are any. `revision` rises with each change of
    the claim, of its codes, its base or its strength; an agreement holds for one revision.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="findings")
    guid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField("claim", max_length=200)
    text = models.TextField(blank=True)
    strength = models.ForeignKey(
        StrengthStep, on_delete=models.PROTECT, null=True, related_name="findings"
    )
    codes = models.ManyToManyField(Code, related_name="findings")
    base = models.CharField(
        max_length=10, choices=FindingBase.choices, default=FindingBase.SUBMITTED
    )
    questions = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    counts_once = models.BooleanField(default=False)
    status = models.CharField(
        max_length=15, choices=FindingStatus.choices, default=FindingStatus.DRAFT
    )
    reason = models.TextField(blank=True, help_text="Why it was dropped.")
    position = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveIntegerField(default=1, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="review_finding_base", condition=Q(base__in=FindingBase.values)
            ),
            models.CheckConstraint(
                name="review_finding_status", condition=Q(status__in=FindingStatus.values)
            ),
            models.CheckConstraint(
                name="review_finding_dropped_has_reason",
                condition=~Q(status=FindingStatus.DROPPED) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="review_finding_questions_of_base",
                condition=Q(base=FindingBase.ANSWERED) & ~Q(questions=[])
                | Q(base=FindingBase.SUBMITTED, questions=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class FindingPassage(models.Model):
    """A passage that supports a finding or speaks against it: its place, and none of its words.

    With `quote` a report may print its words; without one it is a place alone.
    """

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="passages")
    stance = models.CharField(max_length=10, choices=Stance.choices)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file_text = models.ForeignKey(FileText, on_delete=models.CASCADE, null=True, related_name="+")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.ForeignKey(Quote, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-stance", "version", "question", "start", "pk"]
        constraints = [
            models.CheckConstraint(
                name="review_findingpassage_stance", condition=Q(stance__in=Stance.values)
            ),
            models.CheckConstraint(
                name="review_findingpassage_is_not_empty", condition=Q(end__gt=F("start"))
            ),
            models.UniqueConstraint(
                fields=["finding", "version", "question", "file_text", "start", "end"],
                name="review_findingpassage_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"passage {self.pk} of a finding"


class FindingAgreement(models.Model):
    """That a member of the team agrees with a finding, as it was at this revision."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="agreements")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint("finding", "person", name="review_findingagreement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} agrees with {self.finding}"


class ReportRun(models.Model):
    """A report that was made: not its file, but the place and digest of all that it stood on.

    `snapshot` holds no words of a response and none of a claim.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="report_runs")
    audience = models.CharField(max_length=10, choices=ReportAudience.choices)
    file_format = models.CharField("format", max_length=10, choices=ReportFormat.choices)
    snapshot = models.JSONField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "report"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="review_reportrun_audience", condition=Q(audience__in=ReportAudience.values)
            ),
            models.CheckConstraint(
                name="review_reportrun_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"
