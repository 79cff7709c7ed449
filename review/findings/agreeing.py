"""Who of the team agrees with a finding. An agreement holds for the claim as it was then."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import AuditEvent, Membership, User
from accounts.record import record
from accounts.rights import actions_of, may, narrowed
from accounts.states import Action, AuditAction
from review.coding.samples import events_seen_by
from review.errors import FindingRefused
from review.findings.claims import lock_finding, refuse_outdated
from review.models import Finding, FindingAgreement
from review.states import FindingStatus
from submissions.calls.models import Call

OPEN = (FindingStatus.FOR_AGREEMENT, FindingStatus.AGREED)
# Who changed which passages are with a finding, and when.
Changes = list[tuple[int | None, datetime]]


@dataclass(frozen=True)
class Voice:
    """Somebody of the team: when they agreed, if they did, and whether to the claim as it is.

    `passages_changed`: others have put, turned or taken off a passage since.
    """

    name: str
    at: datetime | None
    is_current: bool
    passages_changed: bool = False


def agree(finding: Finding, *, base: str, by: User, at: datetime) -> None:
    """Note that somebody agrees with the finding as the page showed it; `base` is its etag.

    Who agrees already is noted anew only where others have changed its passages since.
    Raises FindingOutdated where somebody changed it or its passages meanwhile; FindingRefused for
    who may not agree, and for one that is not for agreement.
    """
    if not may(by, Action.AGREE_FINDINGS, finding.call_id):
        raise FindingRefused("You may not agree with findings in this call")
    with transaction.atomic():
        locked = lock_finding(finding)
        refuse_outdated(locked, base, by)
        if locked.status not in OPEN:
            raise FindingRefused("The finding is not for agreement")
        given = FindingAgreement.objects.filter(
            finding=locked, person=by, revision=locked.revision
        ).first()
        if given is not None and not _was_changed(given, _changes_of_passages(locked, by)):
            return  # a second press
        FindingAgreement.objects.update_or_create(
            finding=locked, person=by, defaults={"revision": locked.revision, "at": at}
        )
        _record(locked, by=by, at=at, agrees=True)


def waiting_for(person: User) -> QuerySet[Finding]:
    """Return the findings that are for agreement, and with which the person may agree and has not.

    As an agreement holds for the claim as it was then, a changed one waits again.
    """
    agreed = FindingAgreement.objects.filter(
        finding=OuterRef("pk"), person=person, revision=OuterRef("revision")
    )
    rows = Finding.objects.filter(~Exists(agreed), status=FindingStatus.FOR_AGREEMENT)
    return narrowed(rows, person, Action.AGREE_FINDINGS)


def withdraw_agreement(finding: Finding, *, by: User, at: datetime) -> None:
    """Take one's agreement back; a finding that was agreed by it is for agreement again.

    One with an earlier claim, which an old page still has, counted for nothing by then: what others
    agreed since stands.
    """
    with transaction.atomic():
        locked = lock_finding(finding)
        given = FindingAgreement.objects.filter(finding=locked, person=by).first()
        if given is None:
            return
        given.delete()
        if locked.status == FindingStatus.AGREED and given.revision == locked.revision:
            locked.status = FindingStatus.FOR_AGREEMENT
            locked.save(update_fields=["status"])
        _record(locked, by=by, at=at, agrees=False)


def voices_of(finding: Finding, reader: User) -> list[Voice]:
    """Return everybody who may agree, and who agreed and may not any more, by their names.

    A passage of a response that the reader codes blind tells nothing.
    """
    given = {one.person.get_username(): one for one in finding.agreements.select_related("person")}
    changes = _changes_of_passages(finding, reader) if given else []
    found = []
    for name in sorted({*team_of(finding.call), *given}):
        if (one := given.get(name)) is None:
            found.append(Voice(name, None, is_current=False))
            continue
        changed = _was_changed(one, changes)
        is_current = one.revision == finding.revision
        found.append(Voice(name, one.at, is_current=is_current, passages_changed=changed))
    return found


def _was_changed(agreement: FindingAgreement, changes: Changes) -> bool:
    """Return whether others have changed the passages since."""
    return any(at > agreement.at and actor != agreement.person_id for actor, at in changes)


def _changes_of_passages(finding: Finding, reader: User) -> Changes:
    """Return who changed which passages are with the finding, and when."""
    events = AuditEvent.objects.filter(
        call=finding.call_id,
        action=AuditAction.FINDING_PASSAGE_CHANGED,
        detail__finding=finding.pk,
    )
    return list(events_seen_by(events, reader).values_list("actor", "at"))


def agreements_with(findings: Collection[Finding]) -> dict[int, list[tuple[str, datetime]]]:
    """Return who agrees with each finding as it is, by its key, and since when, by their names."""
    found: dict[int, list[tuple[str, datetime]]] = {one.pk: [] for one in findings}
    given = FindingAgreement.objects.filter(finding__in=found, revision=F("finding__revision"))
    for one in given.select_related("person").order_by("person__username"):
        found[one.finding_id].append((one.person.get_username(), one.at))
    return found


def team_of(call: Call) -> list[str]:
    """Return the names of the members who may agree with findings."""
    members = Membership.objects.filter(call=call, person__is_active=True)
    return [
        member.person.get_username()
        for member in members.select_related("person")
        if Action.AGREE_FINDINGS in actions_of(member)
    ]


def _record(finding: Finding, *, by: User, at: datetime, agrees: bool) -> None:
    record(
        by=by,
        at=at,
        action=AuditAction.FINDING_AGREED,
        call=finding.call,
        finding=finding.pk,
        revision=finding.revision,
        agrees=agrees,
    )
