"""What staff decide about responses that are alike: a campaign, duplicates, or nothing of the kind.

Each verb locks the cluster, looks again, and puts what it did on record, in one transaction. A
decision is about the responses that its page showed: later arrivals stay proposed.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.errors import DecisionOutdated, DecisionRefused
from review.models import Cluster, ClusterMember
from review.states import ClusterKind, ClusterState, MemberState
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState

LONGEST_TEXT = 50_000  # characters
NONE_TO_TAKE_OUT = "Tick the responses that do not belong here."
NONE_TO_READMIT = "Tick the responses to put back. One that is in another set by now stays there."


def decide(
    cluster: Cluster,
    *,
    to: ClusterState,
    up_to: int,
    base: int,
    by: User,
    at: datetime,
    name: str = "",
    text: str = "",
    text_from: Submission | None = None,
    standing: Submission | None = None,
) -> Cluster:
    """Decide what the responses are; those proposed up to the member `up_to` are confirmed.

    `standing` is the response that counts, the first submitted of those confirmed if it is None;
    `text_from` is the one whose words the page suggested as the campaign's text, which ends with
    it. `base` is the `lock_version` that the page showed. The same decision by the same person, at
    a second press, is the one that there is. Raises DecisionRefused for somebody
    without the right, a campaign without a name of its own, or a response that is not confirmed
    here; DecisionOutdated if somebody else decided meanwhile.
    """
    is_campaign = to == ClusterState.CAMPAIGN
    name, text = " ".join(name.split()), text.strip()
    wanted = (to, name, text) if is_campaign else (to, "", "")
    with transaction.atomic():
        locked = _lock(cluster, by=by)
        is_so = (locked.state, locked.name, locked.text) == wanted
        is_so = is_so and standing in {None, locked.standing}
        if is_so and (locked.changed_by_id, locked.lock_version) == (by.pk, base + 1):
            return locked
        _refuse_outdated(locked, base)
        if to == ClusterState.CAMPAIGN:
            _refuse_bad_campaign(locked, name, text)
        proposed = locked.members.filter(state=MemberState.PROPOSED, pk__lte=up_to)
        confirmed = proposed.update(state=MemberState.CONFIRMED)
        if standing is not None and not _has(locked, standing):
            raise DecisionRefused("The response that counts is one of those shown.")
        if text_from not in {None, locked.text_from} and not _has(locked, text_from):
            raise DecisionRefused(
                "The response that the campaign’s text was taken from is not in this set any more. "
                "Look at the text again."
            )
        before = locked.state
        locked.state, locked.decided_by, locked.decided_at = to, by, at
        _, locked.name, locked.text = wanted
        counts = to in {ClusterState.CAMPAIGN, ClusterState.DUPLICATE}
        locked.standing = (standing or _first_of(locked)) if counts else None
        locked.text_from = (
            (text_from or locked.text_from or locked.standing) if locked.text else None
        )
        locked.lock_version += 1
        locked.changed_by = by
        locked.save()
        record(
            by=by,
            at=at,
            action=AuditAction.DUPLICATES_DECIDED,
            call=locked.call,
            submission=locked.standing,
            set=locked.pk,
            before=before,
            after=str(to),
            name=locked.name,
            confirmed=confirmed,
        )
    return locked


def take_out(
    cluster: Cluster, *, members: Collection[int], base: int, by: User, at: datetime
) -> int:
    """Take these members out: they are not proposed there again; return how many.

    Raises as `decide` does, and DecisionRefused where none of them is there.
    """
    return _move(cluster, members, to=MemberState.REJECTED, base=base, by=by, at=at)


def readmit(
    cluster: Cluster, *, members: Collection[int], base: int, by: User, at: datetime
) -> int:
    """Propose members again that were taken out, unless they are in another cluster by now."""
    return _move(cluster, members, to=MemberState.PROPOSED, base=base, by=by, at=at)


def _move(
    cluster: Cluster,
    members: Collection[int],
    *,
    to: MemberState,
    base: int,
    by: User,
    at: datetime,
) -> int:
    with transaction.atomic():
        locked = _lock(cluster, by=by)
        _refuse_outdated(locked, base)
        there = locked.members.filter(pk__in=members)
        if to == MemberState.REJECTED:
            chosen = there.exclude(state=MemberState.REJECTED)
        else:
            elsewhere = ClusterMember.objects.filter(kind=locked.kind).exclude(
                state=MemberState.REJECTED
            )
            chosen = there.filter(state=MemberState.REJECTED).exclude(
                submission__in=elsewhere.values("submission")
            )
        rows = list(chosen.select_related("submission"))
        if not rows:
            raise DecisionRefused(
                NONE_TO_TAKE_OUT if to == MemberState.REJECTED else NONE_TO_READMIT
            )
        ClusterMember.objects.filter(pk__in=[row.pk for row in rows]).update(state=to)
        if locked.standing_id in {row.submission_id for row in rows}:
            locked.standing = _first_of(locked)
        locked.lock_version += 1
        locked.changed_by = by
        locked.save(update_fields=["standing", "lock_version", "changed_by"])
        record(
            by=by,
            at=at,
            action=AuditAction.DUPLICATES_CHANGED,
            call=locked.call,
            set=locked.pk,
            after=str(to),
            references=[row.submission.reference for row in rows],
        )
    return len(rows)


def _lock(cluster: Cluster, *, by: User) -> Cluster:
    found = Cluster.objects.select_for_update(of=("self",)).filter(pk=cluster.pk)
    locked = found.select_related("call").first()
    if locked is None:
        raise DecisionOutdated("These responses do not stand together any more")
    actions = [Action.DECIDE_DUPLICATES]
    if locked.kind == ClusterKind.SENDER:
        actions.append(Action.SEE_IDENTITY)
    if not all(may(by, action, locked.call_id) for action in actions):
        raise DecisionRefused("You may not decide about duplicates and campaigns in this call.")
    return locked


def _refuse_outdated(locked: Cluster, base: int) -> None:
    if locked.lock_version != base:
        what = "responses came into this set, or left it"
        if locked.changed_by is not None:
            what = f"{locked.changed_by.get_username()} changed this set"
        label = ClusterState(locked.state).label.lower()
        raise DecisionOutdated(
            f"While this page was open, {what}. It is now: {label}"
            + (f", “{locked.name}”" if locked.name else "")
        )


def _refuse_bad_campaign(cluster: Cluster, name: str, text: str) -> None:
    if not name:
        raise DecisionRefused("Enter a name for the campaign.")
    if len(name) > 100:
        raise DecisionRefused("Give the campaign a name of 100 characters or fewer.")
    if len(text) > LONGEST_TEXT:
        raise DecisionRefused(f"Give a text of {LONGEST_TEXT:,} characters or fewer.")
    others = Cluster.objects.filter(call=cluster.call_id, state=ClusterState.CAMPAIGN)
    if others.filter(name__iexact=name).exclude(pk=cluster.pk).exists():
        raise DecisionRefused(f"There is a campaign “{name}” already in this call.")


def _has(cluster: Cluster, response: Submission | None) -> bool:
    """Return whether staff decided that the response belongs there."""
    confirmed = cluster.members.filter(state=MemberState.CONFIRMED)
    return confirmed.filter(submission=response).exists()


def _first_of(cluster: Cluster) -> Submission | None:
    """Return the first submitted of the confirmed ones that still count, None without any."""
    there = cluster.members.filter(state=MemberState.CONFIRMED)
    return (
        Submission.objects.filter(
            pk__in=there.values("submission"), state=SubmissionState.SUBMITTED
        )
        .order_by("submitted_at", "pk")
        .first()
    )
