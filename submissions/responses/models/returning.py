"""Links that lead back to a response by mail. The address is stored apart from the evidence."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from core.addresses import AddressColumn
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import AddressSource
from submissions.responses.models.responses import Submission


class ReturnAddressQuerySet(models.QuerySet["ReturnAddress"]):
    def of_authors(self) -> "ReturnAddressQuerySet":
        """Addresses that authors gave: links and mails go to no other."""
        return self.filter(given_by=AddressSource.AUTHOR).exclude(address="")


class ReturnAddress(models.Model):
    """Where the author of a response wants the link back and, unless refused, reminders sent.

    Release 1.0.0 also kept here what staff had corrected: such a row gets no link and no mail.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="return_address"
    )
    address = AddressColumn(max_length=254)
    given_at = models.DateTimeField()
    given_by = models.CharField(
        max_length=10, choices=AddressSource.choices, default=AddressSource.AUTHOR
    )
    confirmed_at = models.DateTimeField(
        null=True, help_text="When a link that was sent there was first used."
    )
    reminders_refused_at = models.DateTimeField(null=True)

    objects = ReturnAddressQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Lower("address"), name="submissions_return_by_address"),
        ]
        constraints = [
            models.CheckConstraint(
                name="submissions_returnaddress_given_by",
                condition=Q(given_by__in=AddressSource.values),
            ),
            models.CheckConstraint(
                name="submissions_returnaddress_confirmed_by_author",
                condition=Q(confirmed_at__isnull=True) | Q(given_by=AddressSource.AUTHOR),
            ),
        ]

    def __str__(self) -> str:
        return f"return address {self.pk}"


class ReturnToken(models.Model):
    """A link in a mail, for one use; only the SHA-256 of its token is stored.

    It opens the response of its mail as its author, or lets a colleague in, or does nothing but
    confirm the address that it went to. Of one that was used, the row without its digest goes on
    saying that the address was confirmed.
    """

    mail = models.OneToOneField(OutboxEmail, on_delete=models.CASCADE, related_name="link")
    # Not unique: a mail has one row, and of two workers who write it at once, both upsert that.
    token_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(help_text="When the mail was written last.")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    opens_response = models.BooleanField(
        default=True, help_text="As its author. Others confirm an address, or let a colleague in."
    )

    class Meta:
        indexes = [
            models.Index(fields=["token_sha256"], name="submissions_returntoken_by_sha"),
        ]
        constraints = [
            models.CheckConstraint(
                name="submissions_returntoken_expires_later",
                condition=Q(expires_at__gt=F("made_at")),
            ),
            models.CheckConstraint(
                name="submissions_returntoken_used_before_expiry",
                condition=Q(used_at__isnull=True) | Q(used_at__lt=F("expires_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"return token {self.pk}"
