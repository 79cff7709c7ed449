"""Requests to erase what somebody gave; what is left of one afterwards says that it was done."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission
from submissions.responses.states import ErasureGround, ErasureScope, ErasureState

IN_FORCE = (ErasureState.APPROVED, ErasureState.ERASED, ErasureState.DONE)
OPEN = (ErasureState.ASKED, ErasureState.APPROVED, ErasureState.ERASED)


class ErasureQuerySet(models.QuerySet["ErasureRequest"]):
    def open(self) -> "ErasureQuerySet":
        """Those that are neither carried out, refused nor withdrawn."""
        return self.filter(state__in=OPEN)

    def to_decide(self) -> "ErasureQuerySet":
        """Those that somebody has to approve or refuse now."""
        return self.filter(state=ErasureState.ASKED, confirmed_at__isnull=False)

    def to_carry_out(self) -> "ErasureQuerySet":
        return self.filter(state__in=[ErasureState.APPROVED, ErasureState.ERASED])

    def carried_out(self) -> "ErasureQuerySet":
        return self.filter(state__in=[ErasureState.ERASED, ErasureState.DONE])


class ErasureRequest(models.Model):
    """One request to erase a response, or who gave it. It is never deleted.

    With the response's row and the bare rows of its versions, which keep their times and digests,
    it is the tombstone. The database lets evidence be emptied only while a request for that very
    response is approved (`submissions_erase`).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="erasures")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="erasures")
    ground = models.CharField(
        max_length=10, choices=ErasureGround.choices, default=ErasureGround.AUTHOR
    )
    scope = models.CharField("what", max_length=10, choices=ErasureScope.choices)
    state = models.CharField(
        max_length=10, choices=ErasureState.choices, default=ErasureState.ASKED
    )
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="What was promised: a month after it was asked for.")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty if its author asked on the website, or a rule of retention did.",
    )
    reason = models.CharField(
        max_length=500, blank=True, help_text="How its author asked, or which rule. No names."
    )
    token_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the link that confirms it."
    )
    confirmed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=500, blank=True, help_text="Its author gets these words.")
    erased_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    files_left = models.JSONField(
        default=list, editable=False, help_text="Generated names of files still to be deleted."
    )

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = "request to erase"
        verbose_name_plural = "requests to erase"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_erasurerequest_ground",
                condition=Q(ground__in=ErasureGround.values),
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_scope", condition=Q(scope__in=ErasureScope.values)
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_state", condition=Q(state__in=ErasureState.values)
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_has_reason",
                condition=Q(ground=ErasureGround.AUTHOR, entered_by__isnull=True) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_two_people",
                condition=Q(entered_by__isnull=True)
                | Q(decided_by__isnull=True)
                | ~Q(entered_by=F("decided_by")),
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_approved",
                condition=~Q(state__in=IN_FORCE)
                | Q(confirmed_at__isnull=False, decided_at__isnull=False)
                & (Q(decided_by__isnull=False) | Q(ground=ErasureGround.RETENTION)),
            ),
            models.CheckConstraint(
                name="submissions_erasurerequest_erased_has_time",
                condition=Q(
                    state__in=[ErasureState.ERASED, ErasureState.DONE], erased_at__isnull=False
                )
                | ~Q(state__in=[ErasureState.ERASED, ErasureState.DONE])
                & Q(erased_at__isnull=True),
            ),
            models.UniqueConstraint(
                "submission",
                name="submissions_erasurerequest_one_open",
                condition=Q(state__in=OPEN),
            ),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} to erase {self.submission}"

    @property
    def is_whole(self) -> bool:
        return self.scope == ErasureScope.RESPONSE

    @property
    def is_about_identity(self) -> bool:
        """Return whether who answered goes, with everything else or alone."""
        return self.scope != ErasureScope.FILES

    @property
    def is_about_files(self) -> bool:
        """Return whether the files go, with everything else or alone."""
        return self.scope != ErasureScope.IDENTITY
