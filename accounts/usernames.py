"""Whose a username or an address is, in any case of its letters."""

from django.db import connection

from accounts.models import User
from core.addresses import comparable

NAMING_LOCK = 5_283_308  # any number that no other advisory lock of this database has


def lock_names() -> None:
    """Keep others from giving a username or an address until the transaction ends.

    Take it before you look whether one is free, and before any row is locked. No constraint can
    do this: 1.0.0 let two people have one address.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NAMING_LOCK])


def whose_is(typed: str) -> User | None:
    """Return the person with this username in any case; of several, the one with just this.

    One query for every name, known or not. PostgreSQL takes more letters for the same than
    `accounts.tries` does, so `comparable` has the last word.
    """
    name = typed.strip()
    alike = User.objects.filter(username__iexact=name)
    people = [user for user in alike if comparable(user.username) == comparable(name)]
    found = [user for user in people if user.username == name] or people
    return found[0] if len(found) == 1 else None


def whose_address(address: str, *, except_of: User) -> User | None:
    """Return somebody else with this address, whether they may sign in or not."""
    alike = User.objects.filter(email__iexact=address).exclude(pk=except_of.pk).order_by("username")
    found = [user for user in alike if comparable(user.email) == comparable(address)]
    return found[0] if found else None
