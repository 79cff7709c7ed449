"""Mails that are to be sent, each written in the transaction that calls for it."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from core.addresses import AddressColumn
from core.claims import Claimable
from submissions.calls.models import Call
from submissions.outbox.states import AddressSource, MailKind, OutboxState

# The receipt of a version; what else is said about it goes to each address that is known.
TO_ONE_ADDRESS = [MailKind.CONFIRMATION, MailKind.AMENDED]


class OutboxEmailQuerySet(models.QuerySet["OutboxEmail"]):
    def due_at(self, wall_now: datetime) -> "OutboxEmailQuerySet":
        return self.filter(
            Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=wall_now),
            state=OutboxState.WAITING,
            goes_with=None,
        )


class OutboxEmail(Claimable):
    """A mail to one address, written in the transaction that calls for it."""

    CLAIMED = OutboxState.CLAIMED

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="mails")
    submission = models.ForeignKey(
        "submissions.Submission", on_delete=models.CASCADE, null=True, related_name="mails"
    )
    version = models.ForeignKey(
        "submissions.Version", on_delete=models.CASCADE, null=True, related_name="mails"
    )
    resend_of = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="resends"
    )
    goes_with = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="companions",
        help_text="The mail to the same address that lists the response of this one, too.",
    )
    kind = models.CharField(max_length=20, choices=MailKind.choices)
    occasion = models.CharField(
        max_length=40,
        blank=True,
        help_text="Which of several mails of one kind this is, where each is sent once.",
    )
    to_address = AddressColumn(max_length=254)
    address_given_by = models.CharField(
        max_length=10,
        choices=AddressSource.choices,
        default=AddressSource.AUTHOR,
        help_text="A mail to an address that staff gave has no link to a response.",
    )
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(
        max_length=10, choices=OutboxState.choices, default=OutboxState.WAITING
    )
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, help_text="Real time; at once if empty.")
    deferred_since = models.DateTimeField(
        null=True, help_text="Real time of the first attempt that failed."
    )
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    subject = models.CharField(max_length=300, blank=True, help_text="As sent.")
    body = models.TextField(blank=True, help_text="As sent, without links' tokens and answers.")

    objects = OutboxEmailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "outbox"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                F("next_attempt_at").asc(nulls_first=True),
                "id",
                condition=Q(state=OutboxState.WAITING),
                name="submissions_outbox_due",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="submissions_outboxemail_state", condition=Q(state__in=OutboxState.values)
            ),
            models.CheckConstraint(
                name="submissions_outboxemail_kind", condition=Q(kind__in=MailKind.values)
            ),
            models.CheckConstraint(
                name="submissions_outboxemail_sent_has_time",
                condition=Q(state=OutboxState.SENT, sent_at__isnull=False)
                | Q(~Q(state=OutboxState.SENT), sent_at__isnull=True),
            ),
            models.CheckConstraint(
                name="submissions_outboxemail_claimed_has_time",
                condition=~Q(state=OutboxState.CLAIMED) | Q(claimed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="submissions_outboxemail_address_given_by",
                condition=Q(address_given_by__in=AddressSource.values),
            ),
            models.CheckConstraint(
                name="submissions_outboxemail_goes_with_another",
                condition=Q(goes_with__isnull=True) | ~Q(goes_with=F("pk")),
            ),
            models.UniqueConstraint(
                "version",
                "kind",
                name="submissions_outboxemail_once_a_version",
                condition=Q(resend_of__isnull=True, version__isnull=False, kind__in=TO_ONE_ADDRESS),
            ),
            models.UniqueConstraint(
                "version",
                "kind",
                "to_address",
                name="submissions_outboxemail_once_an_address",
                # Addresses are emptied at the end of their retention.
                condition=Q(resend_of__isnull=True, version__isnull=False)
                & ~Q(kind__in=TO_ONE_ADDRESS)
                & ~Q(to_address=""),
            ),
            models.UniqueConstraint(
                "submission",
                "kind",
                "occasion",
                name="submissions_outboxemail_once_an_occasion",
                condition=Q(resend_of__isnull=True) & ~Q(occasion=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
