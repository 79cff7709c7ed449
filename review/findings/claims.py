"""Writing findings, changing what they claim, and how far the team is with each.

    draft -> for agreement -> agreed, and from each of them dropped, with a reason, and back

A changed claim has a new revision: whoever agreed is asked again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.canonical import canonical_text, digest
from review.coding.forgetting import ERASED
from review.errors import FindingOutdated, FindingRefused
from review.findings.finding_counts import codes_of
from review.findings.scale import step_named
from review.findings.visible_passages import etag_of_passages
from review.last_change import changed_last_by
from review.models import Code, Finding, FindingAgreement
from review.states import FindingBase, FindingStatus
from submissions.calls.models import Call

MOST_CHARACTERS = 10_000


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a finding says, and by what it is counted; `strength` is a word of the scale or ""."""

    title: str
    text: str = ""
    strength: str = ""
    codes: frozenset[int] = frozenset()
    questions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    counts_once: bool = False


WORDS = ("title", "text")
LABELS = {
    "title": "Claim",
    "text": "Text",
    "strength": "Strength",
    "codes": "Codes",
    "questions": "Those who answered",
    "roles": "Respondent roles",
    "counts_once": "Campaigns",
}


def claim_of(finding: Finding) -> Claim:
    """Return what the finding says now."""
    return Claim(
        title=finding.title,
        text=finding.text,
        strength=finding.strength.name if finding.strength else "",
        codes=frozenset(codes_of([finding])[finding.pk]),
        questions=tuple(finding.questions),
        roles=tuple(finding.roles),
        counts_once=finding.counts_once,
    )


def write_finding(*, call: Call, claim: Claim, by: User, at: datetime) -> Finding:
    """Write a finding, a draft at the end of the outline; written twice, it is one.

    Raises FindingRefused for who may not write findings, and for a claim that cannot be.
    """
    if not may(by, Action.WRITE_FINDINGS, call):
        raise FindingRefused("You may not write findings in this call")
    claim = _cleaned(call, claim)
    with transaction.atomic():
        # Locked, so that its scale stays and its outline has one last place.
        call = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        # A second press of the button, which comes while the first is answered.
        if written := _written_already(call, claim, by):
            return written
        finding = Finding(call=call, written_by=by, written_at=at, position=last_position(call))
        _fill_in(finding, claim, by=by, at=at)
        record(by=by, at=at, action=AuditAction.FINDING_WRITTEN, call=call, finding=finding.pk)
    return finding


def _written_already(call: Call, claim: Claim, by: User) -> Finding | None:
    """Return the draft of the same claim that the same person wrote, if nobody changed it."""
    drafts = Finding.objects.select_related("strength").filter(
        call=call, written_by=by, title=claim.title, status=FindingStatus.DRAFT, revision=1
    )
    return next((one for one in drafts if claim_of(one) == claim), None)


def change_finding(finding: Finding, *, claim: Claim, base: int, by: User, at: datetime) -> Finding:
    """Change what the finding says. An agreed one is for agreement again.

    `base` is the revision that the page showed. Raises FindingOutdated where there is another by
    now; FindingRefused as `write_finding`, for one that was dropped, and where the claim was erased
    since: saved again, it would be back.
    """
    if not may(by, Action.WRITE_FINDINGS, finding.call_id):
        raise FindingRefused("You may not change findings in this call")
    claim = _cleaned(finding.call, claim)
    with transaction.atomic():
        call = Call.objects.select_for_update(no_key=True).get(pk=finding.call_id)
        locked = lock_finding(finding)
        if locked.status == FindingStatus.DROPPED:
            raise FindingRefused("The finding is dropped: make it a draft first")
        before = claim_of(locked)
        changed = [name for name in LABELS if getattr(before, name) != getattr(claim, name)]
        if not changed:
            return locked  # also at a second press
        if locked.revision != base:
            if any(getattr(before, name) == ERASED != getattr(claim, name) for name in WORDS):
                raise FindingRefused(
                    "What this finding said was erased while this page was open. Nothing of yours "
                    "was saved: open the finding anew, and write neither what a response that is "
                    "erased said nor who gave it"
                )
            raise FindingOutdated(f"{locked.changed_by} changed this finding meanwhile")
        locked.call = call
        locked.revision += 1
        if locked.status == FindingStatus.AGREED:
            locked.status = FindingStatus.FOR_AGREEMENT
        _fill_in(locked, claim, by=by, at=at)
        record(
            by=by,
            at=at,
            action=AuditAction.FINDING_CHANGED,
            call=call,
            finding=locked.pk,
            revision=locked.revision,
            fields=changed,
        )
    return locked


def set_status(
    finding: Finding,
    *,
    status: FindingStatus,
    base: str,
    by: User,
    at: datetime,
    reason: str = "",
) -> Finding:
    """Set how far the team is with the finding. `base` is `etag_of` what the page showed.

    It can be agreed once somebody other than who changed it last agrees with it as it is. Raises
    FindingOutdated where somebody changed it meanwhile; FindingRefused for who may not, without
    that agreement, and for dropping it without a reason.
    """
    if not may(by, Action.WRITE_FINDINGS, finding.call_id):
        raise FindingRefused("You may not change the status of findings in this call")
    reason = canonical_text(reason).replace("\0", "").strip()
    if status == FindingStatus.DROPPED and not reason:
        raise FindingRefused("Say why it is dropped")
    if len(reason) > MOST_CHARACTERS:
        raise FindingRefused(
            f"The reason has {len(reason):,} characters: {MOST_CHARACTERS:,} at most"
        )
    with transaction.atomic():
        locked = lock_finding(finding)
        if status != FindingStatus.DROPPED:
            reason = ""
        is_same = base.partition("-")[0] == str(locked.revision)
        if is_same and (locked.status, locked.reason) == (status, reason):
            return locked  # a second press
        refuse_outdated(locked, base, by)
        if status == FindingStatus.AGREED:
            _refuse_unless_agreed(locked)
        before, locked.status, locked.reason = locked.status, status, reason
        locked.save(update_fields=["status", "reason"])
        record(
            by=by,
            at=at,
            action=AuditAction.FINDING_STATUS_CHANGED,
            call=locked.call,
            finding=locked.pk,
            before=before,
            after=status.value,
        )
    return locked


def etag_of(finding: Finding, reader: User) -> str:
    """Return what tells the finding, as its page shows it to the reader, from any other."""
    strength = finding.strength.name if finding.strength else ""  # the scale may rename it
    shown = digest(f"{strength}\n{etag_of_passages(finding, reader)}")[:12]
    return f"{finding.revision}-{finding.status}-{shown}"


def refuse_outdated(locked: Finding, base: str, reader: User) -> None:
    """Raise FindingOutdated where the finding is another than the page showed to the reader."""
    now = etag_of(locked, reader)
    if base == now:
        return
    if base.rpartition("-")[0] == now.rpartition("-")[0]:
        # Nobody is named: they may have changed what is hidden from who codes blind.
        raise FindingOutdated("Its strength or its passages have changed since the page was shown")
    who = locked.changed_by.get_username()
    if base.partition("-")[0] == str(locked.revision):
        actions = (AuditAction.FINDING_STATUS_CHANGED, AuditAction.FINDING_AGREED)
        who = changed_last_by(locked.call, *actions, detail__finding=locked.pk)
    raise FindingOutdated(f"{who} changed this finding meanwhile")


def lock_finding(finding: Finding) -> Finding:
    """Return the finding as it is once nobody else changes it."""
    rows = Finding.objects.select_related("call", "changed_by", "strength")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=finding.pk)


def last_position(call: Call) -> int:
    """Return the place after everything in the call's outline."""
    places = [
        *Finding.objects.filter(call=call).values_list("position", flat=True),
        *call.report_headings.values_list("position", flat=True),
    ]
    return max(places, default=-1) + 1


def _cleaned(call: Call, claim: Claim) -> Claim:
    title = " ".join(canonical_text(claim.title).replace("\0", "").split())
    text = canonical_text(claim.text).replace("\0", "").strip()
    longest = Finding._meta.get_field("title").max_length or 0
    if not title:
        raise FindingRefused("Enter what you claim")
    if len(title) > longest:
        raise FindingRefused(f"The claim has {len(title)} characters: {longest} at most")
    if len(text) > MOST_CHARACTERS:
        raise FindingRefused(f"The text has {len(text):,} characters: {MOST_CHARACTERS:,} at most")
    if Code.objects.filter(call=call, pk__in=claim.codes).count() != len(claim.codes):
        raise FindingRefused("The codes and the finding belong to one call")
    if set(claim.questions) - set(call.questions_by_key):
        raise FindingRefused("The call does not ask that question")
    if set(claim.roles) - set(call.roles.values_list("key", flat=True)):
        raise FindingRefused("The call does not have that role")
    return Claim(
        title=title,
        text=text,
        strength=claim.strength,
        codes=claim.codes,
        questions=tuple(key for key in call.questions_by_key if key in claim.questions),
        roles=claim.roles,
        counts_once=claim.counts_once,
    )


def _fill_in(finding: Finding, claim: Claim, *, by: User, at: datetime) -> None:
    finding.title, finding.text = claim.title, claim.text
    finding.strength = step_named(finding.call, claim.strength)
    finding.questions, finding.roles = list(claim.questions), list(claim.roles)
    finding.base = FindingBase.ANSWERED if claim.questions else FindingBase.SUBMITTED
    finding.counts_once = claim.counts_once
    finding.changed_by, finding.changed_at = by, at
    finding.save()
    finding.codes.set(claim.codes)


def _refuse_unless_agreed(locked: Finding) -> None:
    if locked.status != FindingStatus.FOR_AGREEMENT:
        raise FindingRefused("Put it for agreement first")
    agreeing = FindingAgreement.objects.filter(finding=locked, revision=locked.revision)
    if not agreeing.exclude(person=locked.changed_by_id).exists():
        raise FindingRefused(
            f"Somebody other than {locked.changed_by}, who changed it last, has to agree first"
        )
