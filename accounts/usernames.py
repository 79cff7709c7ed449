"""Whose a username or an address is, in any case of its letters."""

from accounts.models import User
from core.addresses import comparable


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
    alike = User.objects.filter(email__iexact=address).exclude(pk=except_of.pk)
    found = [user for user in alike if comparable(user.email) == comparable(address)]
    return found[0] if found else None
