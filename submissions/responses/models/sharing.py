"""Who works on a response together with its author, and by which right."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core.addresses import AddressColumn
from submissions.responses.states import AccessEnd


class ColleagueQuerySet(models.QuerySet["Colleague"]):
    def present(self) -> "ColleagueQuerySet":
        """Those who are invited or in it, and whose access nothing has ended."""
        return self.filter(ended_at=None)

    def joined(self) -> "ColleagueQuerySet":
        return self.present().filter(joined_at__isnull=False)


class Colleague(models.Model):
    """Somebody whom the author invited to work on a response, by an address.

    Once the access ends, the row keeps neither address nor name: only the number, by which an
    answer says who saved it, and when and why the access ended.
    """

    submission = models.ForeignKey(
        "submissions.Submission", on_delete=models.CASCADE, related_name="colleagues"
    )
    number = models.PositiveSmallIntegerField()
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = AddressColumn(max_length=254, blank=True)
    name = models.CharField(
        max_length=40, blank=True, help_text="As the others in the response see it; their own word."
    )
    invited_at = models.DateTimeField()
    link_sent_at = models.DateTimeField()
    links_sent = models.PositiveSmallIntegerField(default=0)
    joined_at = models.DateTimeField(null=True)
    may_submit = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, choices=AccessEnd.choices)

    objects = ColleagueQuerySet.as_manager()

    class Meta:
        ordering = ["submission", "number"]
        constraints = [
            models.UniqueConstraint(
                "submission", "number", name="submissions_colleague_number_once"
            ),
            models.UniqueConstraint(
                "submission",
                Lower("address"),
                name="submissions_colleague_address_once",
                condition=~Q(address=""),
            ),
            models.CheckConstraint(
                name="submissions_colleague_ended_is_nobody",
                condition=Q(ended_at__isnull=True, ended_by="")
                | Q(
                    ended_at__isnull=False,
                    ended_by__in=AccessEnd.values,
                    address="",
                    name="",
                    may_submit=False,
                ),
            ),
            models.CheckConstraint(
                name="submissions_colleague_name_is_their_own",
                condition=Q(name="") | Q(joined_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"colleague {self.number} of {self.submission_id}"

    @property
    def is_in(self) -> bool:
        """Whether they have joined and nothing has ended that."""
        return self.joined_at is not None and self.ended_at is None
