"""Making, changing and ending memberships, each on record.

Administrators manage all of them. Managers manage those of their own call, but neither their own
nor an administrator's, and they choose a role: what a person has beyond a role, such as leave to
export confidential responses, is for administrators to give.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.errors import MembershipRefused
from accounts.models import Membership, User
from accounts.record import naming, record
from accounts.rights import is_administrator, may
from accounts.states import Action, AuditAction, Role


def may_manage(by: User, *, person: User, call: Model | int) -> bool:
    """Return whether `by` may make and change this person's membership of the call."""
    if is_administrator(by):
        return True
    is_other = person.pk != by.pk and not person.is_superuser
    return is_other and may(by, Action.MANAGE_PEOPLE, call)


def may_end(membership: Membership, *, by: User) -> bool:
    """Return whether `by` may end the membership.

    One with less than its role is for administrators to end: a manager who made it anew would
    give back what an administrator took.
    """
    if membership.without and not is_administrator(by):
        return False
    return may_manage(by, person=membership.person, call=membership.call_id)


def give(
    *,
    person: User,
    call: Model,
    role: Role,
    by: User | None,
    at: datetime,
    also: Sequence[str] = (),
    without: Sequence[str] = (),
    wants_digest: bool = False,
    **detail: Any,
) -> Membership:
    """Make the person a member of the call. `by` is None for the server's command line.

    Raises MembershipRefused where `by` may not, or where the person is a member already.
    """
    _refuse_unless_allowed(by, person=person, call=call, extras=[*also, *without])
    with transaction.atomic():
        # Locked, so that two people who give one at once do not both succeed.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if Membership.objects.filter(person=person, call_id=call.pk).exists():
            raise MembershipRefused(f"{person.get_username()} is a member of this call already.")
        membership = Membership.objects.create(
            person=person,
            call_id=call.pk,
            role=role,
            also=list(also),
            without=list(without),
            wants_digest=wants_digest,
        )
        _record(membership, AuditAction.MEMBERSHIP_GIVEN, by=by, at=at, **detail)
    return membership


def change(membership: Membership, *, by: User, at: datetime, **fields: Any) -> None:
    """Set `role`, `also`, `without` or `wants_digest`, on record if that changes anything.

    Everybody may choose about their own digest. Raises MembershipRefused for anything else that
    `by` may not set.
    """
    with transaction.atomic():
        locked = Membership.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=membership.pk
        )
        changed = {name: new for name, new in fields.items() if getattr(locked, name) != new}
        if not changed:
            return
        is_own_digest = set(changed) == {"wants_digest"} and locked.person_id == by.pk
        if not is_own_digest:
            extras = [name for name in ("also", "without") if name in changed]
            _refuse_unless_allowed(by, person=locked.person, call=locked.call_id, extras=extras)
        before = {name: getattr(locked, name) for name in changed}
        for name, new in changed.items():
            setattr(locked, name, new)
        locked.save(update_fields=list(changed))
        _record(locked, AuditAction.MEMBERSHIP_CHANGED, by=by, at=at, before=before)
    membership.refresh_from_db()


def end(membership: Membership, *, by: User, at: datetime) -> None:
    """End the membership; raises MembershipRefused where `by` may not."""
    with transaction.atomic():
        locked = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
        if not may_end(locked, by=by):
            raise MembershipRefused("You may not end this membership.")
        _record(locked, AuditAction.MEMBERSHIP_ENDED, by=by, at=at)
        locked.delete()
    membership.person.rights_by_call = None


def _refuse_unless_allowed(
    by: User | None, *, person: User, call: Model | int, extras: Sequence[str] = ()
) -> None:
    if by is None:
        return
    if not may_manage(by, person=person, call=call):
        raise MembershipRefused("You may not manage this membership.")
    if extras and not is_administrator(by):
        raise MembershipRefused("Only administrators give more or less than a role.")


def _record(
    membership: Membership, action: AuditAction, *, by: User | None, at: datetime, **detail: Any
) -> None:
    named: dict[str, Any] = {
        **naming(membership.person),
        "role": str(membership.role),
        "also": list(membership.also),
        "without": list(membership.without),
        "wants_digest": membership.wants_digest,
    }
    record(
        by=by,
        at=at,
        action=action,
        call=membership.call,
        **{name: value for name, value in named.items() if value},
        **detail,
    )
    membership.person.rights_by_call = None
