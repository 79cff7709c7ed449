"""What signing in needs: invitations, mails about an account, sign-ins, and counted tries."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.states import AccountMailState, Role, account_mail_kinds
from core.addresses import AddressColumn
from core.claims import Claimable


class Invitation(models.Model):
    """An invitation of one address to a call, or to administer the portal.

    Its link works once, until `expires_at`.
    """

    email = AddressColumn("email address", max_length=254)
    call = models.ForeignKey(
        "submissions.Call", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    is_administrator = models.BooleanField(
        "administrator",
        default=False,
        help_text="Of the whole portal, who may do everything in every call.",
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty where a command on the server invited.",
    )
    at = models.DateTimeField("invited at")
    expires_at = models.DateTimeField(help_text="Real time.")
    digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the token in the link that was sent last."
    )
    used_at = models.DateTimeField(null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "digest",
                name="accounts_invitation_token",
                condition=~Q(digest=""),
            ),
            models.CheckConstraint(
                name="accounts_invitation_used_by_somebody",
                condition=Q(used_at__isnull=True) | Q(digest=""),
            ),
            models.CheckConstraint(
                name="accounts_invitation_to_a_call_or_all",
                condition=Q(is_administrator=True, call__isnull=True, role="")
                | Q(is_administrator=False, call__isnull=False, role__in=Role.values),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class AccountMail(Claimable):
    """A mail about an account, to be sent by the worker. The outbox has those about responses.

    Where somebody asks for a new password, each typed address gets a row, known or not. So neither
    the answer nor its time tells which addresses are known. One that nobody can be sent stays, with
    the reason, for administrators to see.
    """

    CLAIMED = AccountMailState.CLAIMED

    kind = models.CharField(max_length=20, choices=account_mail_kinds)
    to_address = models.CharField(max_length=254)
    invitation = models.ForeignKey(
        Invitation, on_delete=models.CASCADE, null=True, related_name="mails"
    )
    state = models.CharField(
        max_length=10, choices=AccountMailState.choices, default=AccountMailState.WAITING
    )
    created_at = models.DateTimeField(help_text="Real time.")
    next_attempt_at = models.DateTimeField(null=True, help_text="Real time; at once if empty.")
    last_error = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="A sentence for staff."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="accounts_accountmail_kind", condition=Q(kind__regex="^[a-z_]+$")
            ),
            models.CheckConstraint(
                name="accounts_accountmail_state", condition=Q(state__in=AccountMailState.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SignIn(models.Model):
    """Somebody is signed in in one browser. Without its row, the session is nobody's.

    Triggers delete the rows of a person whose password or rights change.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins"
    )
    began_at = models.DateTimeField(help_text="Real time.")
    last_used_at = models.DateTimeField(help_text="Real time, to the minute.")
    browser = models.CharField(max_length=100, help_text="Such as “Firefox on Windows”.")
    second_factor = models.BooleanField(
        default=False, help_text="A second factor was given or set up in it."
    )

    class Meta:
        ordering = ["-last_used_at", "-pk"]

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class Tries(models.Model):
    """Tries in a row that went wrong, of one account or of one client, and the pause they earn.

    A keyed digest stands for whom they are counted.
    """

    who = models.CharField(max_length=64, primary_key=True)
    failed = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(help_text="Real time.")
    wait_until = models.DateTimeField(null=True, help_text="Real time.")

    def __str__(self) -> str:
        return f"{self.failed} tries"
