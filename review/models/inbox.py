"""How far staff are with each response, beside the response and never in it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission


class Review(models.Model):
    """Who has a response, whether it is flagged, and who set its status; its status is in its row.

    A response of which nobody of the staff has done anything has no such row. `reason` is the key
    of one of the call's reasons while the status is “set aside”, and empty otherwise.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="review", primary_key=True
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    flagged = models.BooleanField(default=False)
    reason = models.CharField(max_length=50, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_review_decision_has_its_time",
                condition=Q(decided_at__isnull=False) | Q(decided_by__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"review of {self.submission}"


class SavedFilter(models.Model):
    """The filters and the order of a call's list under a name, for oneself or the call's members.

    `query` is the list's query string without words that were searched for.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="saved_filters")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("call", "owner", "name", name="review_savedfilter_name"),
        ]

    def __str__(self) -> str:
        return self.name
