"""People who sign in, and the record of what they did and opened."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q

from accounts.states import AuditAction
from core.addresses import AddressColumn


class User(AbstractUser):
    """Somebody who signs in: project staff or a member of the steering group."""

    email = AddressColumn("email address", blank=True)


class GroupSetUp(models.Model):
    """What `set_up_groups` gave to a group last. Superusers changed the rest since."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="set_up")
    permissions = models.JSONField(default=list, help_text="Such as “submissions.see_identity”.")

    def __str__(self) -> str:
        return f"set-up of group {self.group_id}"


class AuditEvent(models.Model):
    """One event: who did or opened what, and when. A trigger refuses to change or delete it."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    action = models.CharField(max_length=30, choices=AuditAction.choices)
    call = models.ForeignKey(
        "submissions.Call", on_delete=models.PROTECT, null=True, related_name="+"
    )
    submission = models.ForeignKey(
        "submissions.Submission", on_delete=models.PROTECT, null=True, related_name="audit_events"
    )
    detail = models.JSONField(default=dict, help_text="No names, addresses or answers.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at"], name="accounts_audit_by_time")]
        constraints = [
            models.CheckConstraint(
                name="accounts_auditevent_action", condition=Q(action__in=AuditAction.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
