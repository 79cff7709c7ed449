"""Passages that readers outside the team do not see, and the texts without them.

The database writes `RedactedVersion` and `RedactedFileText` whenever a redaction changes, and
carries redactions over when a version comes in (migration 0016).
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from review.models.texts import FileText
from review.states import LIVE_REDACTIONS, RedactionReason, RedactionState
from submissions.calls.models.calls import Call
from submissions.calls.models.questions import Question
from submissions.responses.models.responses import Version


class Redaction(models.Model):
    """A passage to hide: `[start, end)` in codepoints of an answer in `version`.

    With `file_text` it is a passage of what was read of a file, and holds for the file in whichever
    version. A lost one hides the whole answer, or all files that answer `question`: `carried_from`
    has the passage that an earlier version had. `decided_by` approved or refused it.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="redactions")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="redactions")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    file_text = models.ForeignKey(
        FileText, on_delete=models.CASCADE, null=True, related_name="redactions"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, choices=RedactionReason.choices)
    words = models.CharField("reason in words", max_length=200, blank=True)
    state = models.CharField(
        max_length=10, choices=RedactionState.choices, default=RedactionState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField("why it is refused", max_length=500, blank=True)
    back_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    back_asked_at = models.DateTimeField(null=True)
    back_words = models.CharField("why to take it back", max_length=500, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True)
    carried_from = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="carried"
    )

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="review_redaction_is_not_empty", condition=Q(end__gt=F("start"))
            ),
            models.CheckConstraint(
                name="review_redaction_state", condition=Q(state__in=RedactionState.values)
            ),
            models.CheckConstraint(
                name="review_redaction_reason", condition=Q(reason__in=RedactionReason.values)
            ),
            models.CheckConstraint(
                name="review_redaction_other_has_words",
                condition=~Q(reason=RedactionReason.OTHER) | ~Q(words=""),
            ),
            models.CheckConstraint(
                name="review_redaction_second_person",
                condition=~Q(state__in=[*LIVE_REDACTIONS, RedactionState.REFUSED])
                | Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="review_redaction_taken_back_by_two",
                condition=~Q(state=RedactionState.TAKEN_BACK)
                | Q(taken_back_by__isnull=False, taken_back_at__isnull=False)
                & (
                    Q(decided_by=None)
                    | Q(back_asked_by__isnull=False) & ~Q(taken_back_by=F("back_asked_by"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"redaction {self.pk}"


class RedactedVersion(models.Model):
    """The answers of a version without what is hidden; there is none where nothing is."""

    version = models.OneToOneField(
        Version, on_delete=models.CASCADE, primary_key=True, related_name="redacted"
    )
    texts = models.JSONField()

    def __str__(self) -> str:
        return f"redacted {self.version}"


class RedactedFileText(models.Model):
    """What was read of a file without what is hidden; there is none where nothing is."""

    file_text = models.OneToOneField(
        FileText, on_delete=models.CASCADE, primary_key=True, related_name="redacted"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return f"redacted {self.file_text}"
