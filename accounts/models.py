"""People who sign in, their membership of calls, and the record of what they did and opened."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q

from accounts.sign_in_models import AccountMail, Invitation, SignIn, Tries
from accounts.states import Action, AuditAction, Role, actions, audit_actions
from core.addresses import AddressColumn

__all__ = [
    "AccountMail",
    "AuditEvent",
    "AuditSeal",
    "Invitation",
    "Membership",
    "SignIn",
    "Tries",
    "User",
]


class User(AbstractUser):
    """Somebody who signs in. A superuser is an administrator of the portal, with all its calls."""

    email = AddressColumn("email address", blank=True)

    # What `accounts.rights` read of this person's memberships; a request reads them once.
    rights_by_call: "dict[int, frozenset[Action]] | None" = None


def some_actions() -> ArrayField:
    """Return a column of actions, stored as their names."""
    return ArrayField(models.CharField(max_length=30, choices=actions), default=list, blank=True)


class Membership(models.Model):
    """What somebody is in one call. `accounts.memberships` makes, changes and ends it on record."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    call = models.ForeignKey("submissions.Call", on_delete=models.PROTECT, related_name="members")
    role = models.CharField(max_length=20, choices=Role.choices)
    also = some_actions()
    without = some_actions()
    wants_digest = models.BooleanField(
        "daily digest",
        default=False,
        help_text="A mail each morning with the call's numbers while the call is open. The "
        "person needs the right to get the digest, and an email address.",
    )

    class Meta:
        ordering = ["call", "person__username"]
        constraints = [
            models.UniqueConstraint("person", "call", name="accounts_membership_one_a_call"),
            models.CheckConstraint(
                name="accounts_membership_role", condition=Q(role__in=Role.values)
            ),
            models.CheckConstraint(
                name="accounts_membership_also_or_without",
                condition=~Q(also__overlap=models.F("without")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class AuditEvent(models.Model):
    """One event: who did or opened what, and when. A trigger refuses to change or delete it."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    action = models.CharField(max_length=30, choices=audit_actions)
    call = models.ForeignKey(
        "submissions.Call", on_delete=models.PROTECT, null=True, related_name="+"
    )
    submission = models.ForeignKey(
        "submissions.Submission", on_delete=models.PROTECT, null=True, related_name="audit_events"
    )
    detail = models.JSONField(default=dict, help_text="No names, addresses or answers.")
    # The release before writes its events without it while this one is put in.
    request_number = models.CharField(max_length=8, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at"], name="accounts_audit_by_time"),
            # Finds who was shown a response among the answers to a question.
            GinIndex(
                OpClass("detail", name="jsonb_path_ops"),
                name="accounts_audit_shown",
                condition=Q(action=AuditAction.QUESTION_READ),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="accounts_auditevent_action", condition=Q(action__regex="^[a-z_]+$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class AuditSeal(models.Model):
    """One link of the chain of audit events: `accounts.chain` says what it is the digest of.

    A seal outlives its event, so that it has no foreign key.
    """

    # The portal's own role only reads it: `accounts_seal_record` writes, with its owner's rights.
    written_by_owner_only = True

    number = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    event_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number}"
