"""Responses that are alike: how the portal finds them, and what staff decided about them.

Nothing here holds words of a response but a campaign's own text; hashes are keyed.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from review.states import ClusterKind, ClusterState, Likeness, MemberState
from submissions.calls.models.calls import Call
from submissions.responses.models.responses import Submission, Version


class Signature(models.Model):
    """By what a submitted response is found: keyed hashes of its latest version.

    `scheme` names the rules and the key; a row of another scheme is made anew.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.CASCADE, related_name="signature"
    )
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    scheme = models.CharField(max_length=16)
    whole = models.CharField(max_length=32, blank=True, help_text="Of all its texts together.")
    sender = models.CharField(max_length=32, blank=True, help_text="Of its confirmed address.")
    compared_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["whole"], name="review_signature_by_whole", condition=~Q(whole="")
            ),
            models.Index(
                fields=["sender"], name="review_signature_by_sender", condition=~Q(sender="")
            ),
        ]

    def __str__(self) -> str:
        return f"signature of {self.submission_id}"


class Shingle(models.Model):
    """The keyed hash of a few words in a row, one of the lowest of an answer."""

    pk = models.CompositePrimaryKey("hash", "signature_id")
    hash = models.BigIntegerField()
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="shingles")

    def __str__(self) -> str:
        return f"shingle of {self.signature_id}"


class Cluster(models.Model):
    """Responses that are alike, and what staff decided. `standing` is the one that counts."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="clusters")
    kind = models.CharField("alike by", max_length=10, choices=ClusterKind.choices)
    state = models.CharField(
        "decision", max_length=10, choices=ClusterState.choices, default=ClusterState.OPEN
    )
    name = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True, help_text="What the campaign asked people to send.")
    text_from = models.ForeignKey(
        Submission, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    standing = models.ForeignKey(Submission, on_delete=models.SET_NULL, null=True, related_name="+")
    found_at = models.DateTimeField()
    lock_version = models.PositiveIntegerField(default=0, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "set of alike responses"
        verbose_name_plural = "duplicates and campaigns"
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="review_cluster_kind", condition=Q(kind__in=ClusterKind.values)
            ),
            models.CheckConstraint(
                name="review_cluster_state", condition=Q(state__in=ClusterState.values)
            ),
            models.CheckConstraint(
                name="review_cluster_campaign_has_name",
                condition=~Q(state=ClusterState.CAMPAIGN) | ~Q(name=""),
            ),
            models.CheckConstraint(
                name="review_cluster_decided",
                condition=Q(state=ClusterState.OPEN)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                "call",
                "name",
                name="review_cluster_name",
                condition=Q(state=ClusterState.CAMPAIGN),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"set {self.pk}"


class ClusterMember(models.Model):
    """A response in a cluster: proposed by the comparison, then confirmed or taken out by staff.

    `share` is the percentage of the shorter text that the longer one has, at `nearest`, the
    response that it was found by.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="members")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="clusterings")
    kind = models.CharField(max_length=10, choices=ClusterKind.choices)
    state = models.CharField(
        max_length=10, choices=MemberState.choices, default=MemberState.PROPOSED
    )
    likeness = models.CharField(max_length=10, choices=Likeness.choices)
    share = models.PositiveSmallIntegerField(default=100)
    nearest = models.ForeignKey(Submission, on_delete=models.SET_NULL, null=True, related_name="+")
    joined_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("cluster", "submission", name="review_clustermember_once"),
            models.UniqueConstraint(
                "submission",
                "kind",
                name="review_clustermember_one_of_a_kind",
                condition=~Q(state=MemberState.REJECTED),
            ),
            models.CheckConstraint(
                name="review_clustermember_kind", condition=Q(kind__in=ClusterKind.values)
            ),
            models.CheckConstraint(
                name="review_clustermember_state", condition=Q(state__in=MemberState.values)
            ),
            models.CheckConstraint(
                name="review_clustermember_likeness", condition=Q(likeness__in=Likeness.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission} in {self.cluster}"
