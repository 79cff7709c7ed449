"""Tokens of programs: made, found, noted when used, revoked, and warned of before their end.

A token is `evp_` and 256 random bits as 64 hexadecimal digits, which scanners for secrets can look
for. Only its SHA-256 is stored: nobody guesses 256 bits, so a slow hash would add nothing.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.account_mail import enqueue
from accounts.models import User
from accounts.record import record
from accounts.rights import is_member, may
from accounts.states import AccountMailKind, Action, AuditAction
from exports.consent import Scope
from exports.models import ApiToken
from exports.permissions import ExportRefused, refuse_unless_permitted
from exports.token_models import TokenQuerySet
from exports.types import Dataset
from submissions.calls.models import Call

PREFIX = "evp_"
RANDOM_BYTES = 32
LONGEST_NAME = 60  # characters, as ApiToken has it
LASTS = (30, 90, 180, 365)  # days that people choose between
MOST = 20  # tokens in force that one person has for a call
WARNED_BEFORE = timedelta(days=14)
NOTED_EVERY = timedelta(minutes=1)
KEPT_AFTER_END = timedelta(days=90)


class TokenRefused(Exception):
    """Whoever asks may not have the token; the message is one line for people."""


def make(
    *,
    call: Call,
    by: User,
    name: str,
    days: int,
    scope: Scope,
    reason: str,
    at: datetime,
    wall_now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token of `by` for the call; return it with the secret, which stands nowhere else.

    Raises ExportRefused for what `by` may not export, TokenRefused for a bad name or end. `at` is
    the portal's time for the record; tokens end by real time.
    """
    secret = PREFIX + secrets.token_hex(RANDOM_BYTES)
    with transaction.atomic():
        # Locked, so that two requests at once make no more than MOST. Whoever ends the membership
        # at this moment comes before, and no token is made, or after, and revokes it.
        by = User.objects.select_for_update(no_key=True).get(pk=by.pk)
        list(by.memberships.select_for_update(no_key=True).filter(call=call))
        name = check(call=call, by=by, name=name, days=days, scope=scope, reason=reason)
        if usable(ApiToken.objects.filter(person=by, call=call), at=wall_now).count() >= MOST:
            raise TokenRefused(
                _("You have %(most)d tokens for this call. Revoke one first.") % {"most": MOST}
            )
        token = ApiToken.objects.create(
            person=by,
            call=call,
            name=name,
            hint=secret[:12],
            digest=digest_of(secret),
            named=scope.named,
            includes_unnamed=scope.includes_unnamed,
            confidential=scope.confidential,
            reason=reason.strip(),
            made_at=wall_now,
            expires_at=wall_now + timedelta(days=days),
        )
        _record(token, AuditAction.TOKEN_MADE, by=by, at=at, days=days, **scope.in_words())
    return token, secret


def check(*, call: Call, by: User, name: str, days: int, scope: Scope, reason: str) -> str:
    """Return the name as it is stored; raise as `make` does where it would refuse."""
    refuse_unless_permitted(_dataset(call, scope), by=by, reason=reason)
    tidied = " ".join(name.replace("\0", "").split())
    if not 1 <= len(tidied) <= LONGEST_NAME:
        raise TokenRefused(_("Give the token a name of 60 characters or fewer."))
    if days not in LASTS:
        raise TokenRefused(_("Choose how long the token lasts."))
    return tidied


def usable(tokens: TokenQuerySet, *, at: datetime) -> TokenQuerySet:
    """Return those that are neither revoked nor over."""
    return tokens.filter(revoked_at=None, expires_at__gt=at)


def find(secret: str, *, wall_now: datetime) -> ApiToken | None:
    """Return the token if it is in force, of somebody who may sign in and is in the call."""
    digest = digest_of(secret)
    tokens = ApiToken.objects.select_related("person", "call").filter(digest=digest)
    token = usable(tokens, at=wall_now).first()
    if token is None or not constant_time_compare(token.digest, digest):
        return None
    is_good = token.person.is_active and is_member(token.person, token.call)
    return token if is_good else None


def note_use(token: ApiToken, *, wall_now: datetime) -> None:
    """Note that the token is used, once a minute at most."""
    if token.last_used_at is None or token.last_used_at < wall_now - NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=wall_now)


def may_read(token: ApiToken) -> bool:
    """Return whether its person may still have all that the token's scope says."""
    try:
        refuse_unless_permitted(
            _dataset(token.call, token.scope), by=token.person, reason=token.reason
        )
    except ExportRefused:
        return False
    return True


def may_revoke(token: ApiToken, *, by: User) -> bool:
    return token.person_id == by.pk or may(by, Action.MANAGE_PEOPLE, token.call_id)


def revoke(token: ApiToken, *, by: User, at: datetime, wall_now: datetime) -> bool:
    """End the token at once; return whether it was in force. Raises TokenRefused."""
    if not may_revoke(token, by=by):
        raise TokenRefused(_("You may not revoke this token."))
    with transaction.atomic():
        if not ApiToken.objects.in_force().filter(pk=token.pk).update(revoked_at=wall_now):
            return False
        _record(token, AuditAction.TOKEN_REVOKED, by=by, at=at)
    return True


def warn_of_ends(*, wall_now: datetime) -> int:
    """Enqueue one mail to each person with tokens that end within WARNED_BEFORE."""
    due = usable(ApiToken.objects.filter(warned_at=None), at=wall_now).filter(
        expires_at__lte=wall_now + WARNED_BEFORE,
        # A token that was made for less time needs no warning on its first day.
        made_at__lte=wall_now - timedelta(days=1),
    )
    with transaction.atomic():
        tokens = list(due.select_related("person").select_for_update(of=("self",)))
        ApiToken.objects.filter(pk__in=[token.pk for token in tokens]).update(warned_at=wall_now)
        addresses = {t.person.email for t in tokens if t.person.email and t.person.is_active}
        for address in sorted(addresses):
            enqueue(AccountMailKind.TOKEN_ENDS, to=address, at=wall_now)
    return len(addresses)


def delete_ended(*, wall_now: datetime) -> int:
    """Delete tokens that ended long ago: the record keeps that there were such."""
    before = wall_now - KEPT_AFTER_END
    ended = ApiToken.objects.filter(Q(expires_at__lte=before) | Q(revoked_at__lte=before))
    return ended.delete()[0]


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _dataset(call: Call, scope: Scope) -> Dataset:
    return Dataset(
        call,
        named=scope.named,
        includes_unnamed=scope.includes_unnamed,
        confidential=scope.confidential,
    )


def _record(token: ApiToken, action: AuditAction, *, by: User, at: datetime, **detail: Any) -> None:
    # Not its name: somebody typed that.
    record(by=by, at=at, action=action, call=token.call, token=token.hint, **detail)
