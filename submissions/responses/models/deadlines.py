"""Exceptions from a call's closing time: for everybody, and for one response."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.addresses import AddressColumn
from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission, Version


class ClosingChange(models.Model):
    """Somebody moved the closing time of a call for everybody."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="closing_changes")
    before = models.DateTimeField()
    after = models.DateTimeField()
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_closingchange_differs", condition=~Q(before=F("after"))
            ),
        ]

    def __str__(self) -> str:
        return f"closing change {self.pk}"


class LatePassQuerySet(models.QuerySet["LatePass"]):
    def live_at(self, at: datetime) -> "LatePassQuerySet":
        """Passes that can be used at `at`: given, not used, not revoked, not expired."""
        return self.filter(
            given_at__lte=at, expires_at__gt=at, used_at__isnull=True, revoked_at__isnull=True
        ).order_by("-expires_at")


class LatePass(models.Model):
    """Permission to submit once after closing.

    One for a response has no address and no token: whoever holds the response uses it. One for an
    address has a token that starts a response, or goes to the one that its user holds already.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="late_passes")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="late_passes"
    )
    address = AddressColumn(max_length=254, blank=True)
    token_sha256 = models.CharField(max_length=64, null=True, unique=True, editable=False)
    reason = models.CharField(max_length=500)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_for = models.OneToOneField(
        Version, on_delete=models.PROTECT, null=True, related_name="late_pass"
    )

    objects = LatePassQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "late passes"
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="submissions_latepass_is_somebodys",
                condition=Q(submission__isnull=False) | ~Q(address=""),
            ),
            models.CheckConstraint(
                name="submissions_latepass_expires_later",
                condition=Q(expires_at__gt=F("given_at")),
            ),
            models.CheckConstraint(
                name="submissions_latepass_used_in_time",
                condition=Q(used_at__isnull=True, used_for__isnull=True)
                | Q(used_at__lt=F("expires_at"), used_for__isnull=False, revoked_at__isnull=True),
            ),
            models.CheckConstraint(name="submissions_latepass_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="submissions_latepass_token_for_an_address",
                condition=Q(token_sha256__isnull=True) | ~Q(address=""),
            ),
        ]

    def __str__(self) -> str:
        return f"late pass {self.pk}"
