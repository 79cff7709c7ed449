"""What programs read responses with, and the order in which they read them."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from exports.consent import Scope
from submissions.calls.models.calls import Call
from submissions.responses.models import Submission

LONGEST = timedelta(days=365)


class TokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self) -> "TokenQuerySet":
        """Those that nobody has revoked; their end may be over."""
        return self.filter(revoked_at=None)


class ApiToken(models.Model):
    """A token with which one person's programs read one call. Only its digest is stored.

    Triggers revoke the tokens of whoever leaves the call or may no longer sign in.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens"
    )
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=60)
    hint = models.CharField(max_length=12, help_text="How the token begins.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    named = models.BooleanField(default=False, help_text="Reads who answered.")
    includes_unnamed = models.BooleanField(
        default=False, help_text="A named export also names those who did not choose to be named."
    )
    confidential = models.BooleanField(
        default=False, help_text="Reads the evidence of confidential responses."
    )
    reason = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(help_text="Real time.")
    expires_at = models.DateTimeField("ends", help_text="Real time.")
    last_used_at = models.DateTimeField("last used", null=True, help_text="Real time.")
    warned_at = models.DateTimeField(null=True, help_text="Real time.")
    revoked_at = models.DateTimeField(null=True, help_text="Real time.")

    objects = TokenQuerySet.as_manager()

    class Meta:
        verbose_name = "token"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="exports_apitoken_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="exports_apitoken_a_year_at_most",
                condition=Q(expires_at__gt=F("made_at"), expires_at__lte=F("made_at") + LONGEST),
            ),
            models.CheckConstraint(
                name="exports_apitoken_has_reason",
                condition=Q(named=False, confidential=False) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"token {self.hint}"

    @property
    def scope(self) -> Scope:
        return Scope(
            named=self.named,
            includes_unnamed=self.includes_unnamed,
            confidential=self.confidential,
        )


class Change(models.Model):
    """The latest change of a response that was submitted once, as programs read them in order.

    A trigger takes the number away when the response changes. `exports.changes` gives the next
    one, only after the change has committed. `bare_number` is the number of the latest change of
    its bare row, which is all that most programs get of a confidential response.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="+")
    number = models.BigIntegerField(null=True, unique=True)
    noted_at = models.DateTimeField(null=True, help_text="When it got its number.")
    bare_number = models.BigIntegerField(null=True)
    bare_noted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["call", "number"], name="exports_change_in_order")]
        constraints = [
            models.CheckConstraint(
                name="exports_change_noted_with_number",
                condition=Q(number=None, noted_at=None)
                | Q(number__isnull=False, noted_at__isnull=False),
            ),
            # Else a bare row would be passed over by whoever has read up to its number.
            models.CheckConstraint(
                name="exports_change_bare_number_is_not_later",
                condition=Q(number=None)
                | Q(
                    bare_number__isnull=False,
                    bare_noted_at__isnull=False,
                    bare_number__lte=F("number"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.number}"
