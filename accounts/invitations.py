"""Inviting somebody by mail: a link that works once, and makes their account.

The link's token is in the mail only; the database has its SHA-256. Each mail of an invitation has
a new token, and ends the one before.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from accounts import memberships
from accounts.account_mail import enqueue
from accounts.errors import AlreadyHere
from accounts.models import Invitation, User
from accounts.record import record
from accounts.rights import is_administrator
from accounts.states import AccountMailKind, AuditAction, Role
from accounts.usernames import lock_names
from core.addresses import clean_address

LASTS = timedelta(days=7)
LONGEST_USERNAME = 150


def invite(
    *,
    email: str,
    call: Model | None,
    role: Role | None,
    by: User | None,
    at: datetime,
    wall_now: datetime,
) -> Invitation:
    """Invite an address, on record, and write the mail in the same transaction.

    The person becomes a member of the call in the role; without both, an administrator of the
    portal. `by` is None for the server's command line. Earlier invitations of the address that
    were not used end. Raises AlreadyHere for the address of somebody who can sign in, and
    AddressRefused for what is none.
    """
    address = clean_address(email)
    with transaction.atomic():
        lock_names()  # two at once would also both leave a link that works
        refuse_if_here(address)
        _open_to(address).delete()
        invitation = Invitation.objects.create(
            email=address,
            call_id=None if call is None else call.pk,
            role=role or "",
            is_administrator=call is None,
            invited_by=by,
            at=wall_now,
            expires_at=wall_now + LASTS,
        )
        enqueue(AccountMailKind.INVITATION, to=address, at=wall_now, invitation=invitation)
        record(
            by=by,
            at=at,
            action=AuditAction.PERSON_INVITED,
            call=call,
            invitation=invitation.pk,
            role=role or "administrator",
        )
    return invitation


def say_what_ends(email: str, *, call: Model | None, wall_now: datetime) -> str:
    """Say what an earlier invitation was to that ends with one to `call`; "" if to the same."""
    to = None if call is None else call.pk
    earlier = _open_to(clean_address(email)).filter(expires_at__gt=wall_now).exclude(call=to)
    ending = earlier.select_related("call").first()
    if ending is None:
        return ""
    if ending.call is None:
        return "Their invitation to administer the portal ended: only the link sent last works."
    return (
        f"Their invitation to “{ending.call}” ended: only the link sent last works. Once they have "
        "an account, make them a member there, too, under Memberships."
    )


def _open_to(address: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email__iexact=address, used_at=None)


def refuse_if_here(address: str) -> None:
    """Raise AlreadyHere. Call `lock_names` before: somebody may get the address at this moment."""
    if User.objects.filter(email__iexact=address).exists():
        raise AlreadyHere(f"Somebody with the address {address} has an account already.")
    username = address[:LONGEST_USERNAME]
    if User.objects.filter(username__iexact=username).exists():
        raise AlreadyHere(
            f"Somebody with another address has the username {username}. Change that under Users, "
            "then invite again."
        )


def make_token(invitation: Invitation) -> str:
    """Return a new token of the invitation; the one of an earlier mail opens nothing more."""
    token = secrets.token_urlsafe(32)
    invitation.digest = _digest(token)
    invitation.save(update_fields=["digest"])
    return token


def find(token: str, *, wall_now: datetime) -> Invitation | None:
    """Return the invitation that the token opens: one that is not used and not over.

    It is over as well once the administrator who sent it is none any more.
    """
    open_ones = Invitation.objects.filter(
        digest=_digest(token), used_at=None, expires_at__gt=wall_now
    ).select_related("invited_by")
    found = open_ones.first()
    return found if found is not None and _may_be_accepted(found) else None


def _may_be_accepted(invitation: Invitation) -> bool:
    return invitation.invited_by is None or is_administrator(invitation.invited_by)


def accept(
    invitation: Invitation, *, name: str, password_hash: str, at: datetime, wall_now: datetime
) -> User | None:
    """Make the account with its rights, once; None if the invitation ended meanwhile.

    It ends by its use, with its administrator's rights, and when its address gets an account in
    another way. The username is the address. The row is locked, so that two tries at once make
    one account, and names are, so that nobody is given the address at this moment.
    """
    with transaction.atomic():
        lock_names()
        locked = Invitation.objects.select_for_update(of=("self",)).filter(
            pk=invitation.pk, used_at=None, digest=invitation.digest, expires_at__gt=wall_now
        )
        current = locked.select_related("invited_by", "call").first()
        if current is None or not _may_be_accepted(current):
            return None
        username = current.email[:LONGEST_USERNAME]
        if User.objects.filter(Q(username__iexact=username) | Q(email__iexact=current.email)):
            return None
        user = User.objects.create(
            username=username,
            email=current.email,
            first_name=name,
            is_superuser=current.is_administrator,
            password=password_hash,
        )
        record(by=user, at=at, action=AuditAction.INVITATION_ACCEPTED, invitation=current.pk)
        if current.call is not None:
            memberships.give(
                person=user,
                call=current.call,
                role=Role(current.role),
                by=current.invited_by,
                at=at,
                invitation=current.pk,
            )
        current.used_at, current.digest, current.user = wall_now, "", user
        current.save(update_fields=["used_at", "digest", "user"])
    return user


def revoke(invitation: Invitation, *, by: User, at: datetime) -> bool:
    """Delete the invitation, on record; False if it is used: its account stays, and so does it.

    The row is locked, so that nobody who makes an account at this moment is thought to be refused.
    """
    with transaction.atomic():
        locked = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk)
        current = locked.select_related("call").first()
        if current is None:
            return True
        if current.used_at is not None:
            return False
        record(
            by=by,
            at=at,
            action=AuditAction.INVITATION_REVOKED,
            call=current.call,
            invitation=current.pk,
        )
        current.delete()
    return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
