"""Puts a response beside those that it is like: into their cluster, or into a new one with them.

It proposes and never decides. Of two clusters that nobody decided about and that a response
belongs to both, one takes the other's responses.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from review.models import Cluster, ClusterMember
from review.states import ClusterKind, ClusterState, Likeness, MemberState
from submissions.responses.models import Submission


@dataclass(frozen=True)
class Link:
    """That a response is like another; `share` in percent, `words` how many are alike."""

    other: int
    likeness: Likeness
    share: int = 100
    words: int = 0


def join(
    submission: Submission,
    links: list[Link],
    *,
    kind: ClusterKind,
    places: list[ClusterMember],
    at: datetime,
) -> Cluster | None:
    """Propose the response for the cluster of those that it is like; None if it is like none.

    `places` are all that it has so far.

    Where staff took it out of a cluster, it is not proposed there again. A response that staff
    confirmed stays where it is; one that is proposed and like no other any more is let go.
    """
    mine = [place for place in places if place.kind == kind]
    for place in mine:
        if place.state != MemberState.REJECTED:
            lock(Cluster.objects.filter(pk=place.cluster_id))
            place.refresh_from_db(fields=["state"])
    placed = next((each for each in mine if each.state != MemberState.REJECTED), None)
    refused = {each.cluster_id for each in mine if each.state == MemberState.REJECTED}
    if placed is not None and placed.state == MemberState.CONFIRMED:
        return placed.cluster
    if not links:
        if placed is not None:
            leave(placed)
        return None
    beside = _clusters_of([link.other for link in links], kind)
    possible = [link for link in links if beside.get(link.other) not in refused]
    if not possible:
        return None
    best = max(
        possible, key=lambda link: (link.other in beside, link.share, link.words, -link.other)
    )
    if best.other in beside:
        cluster = Cluster.objects.get(pk=beside[best.other])
    else:
        cluster = Cluster.objects.create(call_id=submission.call_id, kind=kind, found_at=at)
        _propose(cluster, best.other, best, near=submission.pk, at=at)
    # Before it leaves its cluster: one of those is that cluster, if others there are still like it.
    for key in {beside[link.other] for link in possible if link.other in beside} - {cluster.pk}:
        _merge(cluster, key)
    if placed is not None and placed.cluster_id != cluster.pk:
        placed.refresh_from_db(fields=["cluster"])
        if placed.cluster_id != cluster.pk:
            leave(placed)
    _propose(cluster, submission.pk, best, near=best.other, at=at)
    return cluster


def lock(clusters: QuerySet[Cluster]) -> None:
    """Lock the clusters before anything in them, as whoever decides about one does.

    In another order, each could wait for the other.
    """
    list(clusters.select_for_update().order_by("pk"))


def leave(member: ClusterMember) -> None:
    """Let the response go; a cluster of one is none, unless staff decided about it."""
    member.delete()
    end_if_alone(member.cluster)


def end_if_alone(cluster: Cluster) -> None:
    """Delete the cluster if fewer than two are left, with its name and its text."""
    left = cluster.members.exclude(state=MemberState.REJECTED).count()
    if left == 0 or (left == 1 and cluster.state != ClusterState.CAMPAIGN):
        cluster.delete()


def outdate(clusters: QuerySet[Cluster]) -> None:
    """Have whoever decides on a page that showed these clusters before look again."""
    clusters.update(lock_version=F("lock_version") + 1, changed_by=None)


def _clusters_of(submissions: list[int], kind: ClusterKind) -> dict[int, int]:
    """Return the cluster of each response that is in one."""
    members = ClusterMember.objects.filter(submission__in=submissions, kind=kind)
    there = members.exclude(state=MemberState.REJECTED)
    return dict(there.values_list("submission_id", "cluster_id"))


def _propose(cluster: Cluster, submission: int, link: Link, *, near: int, at: datetime) -> None:
    ClusterMember.objects.update_or_create(
        cluster=cluster,
        submission_id=submission,
        defaults={"likeness": link.likeness, "share": link.share, "nearest_id": near},
        create_defaults={
            "kind": cluster.kind,
            "likeness": link.likeness,
            "share": link.share,
            "nearest_id": near,
            "joined_at": at,
        },
    )


def _merge(cluster: Cluster, other: int) -> None:
    """Take the other cluster's responses over, if nobody decided about either.

    A page that showed the cluster before is outdated then: what is decided is what it showed.
    """
    both = Cluster.objects.select_for_update().filter(pk__in=[cluster.pk, other])
    if any(each.state != ClusterState.OPEN for each in both.order_by("pk")):
        return
    if ClusterMember.objects.filter(
        cluster__in=[cluster.pk, other], state=MemberState.REJECTED
    ).exists():
        return
    ClusterMember.objects.filter(cluster=other).update(cluster=cluster)
    Cluster.objects.filter(pk=other).delete()
    outdate(Cluster.objects.filter(pk=cluster.pk))
