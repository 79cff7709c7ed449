"""The portal keeps an administrator who can sign in: without one, nobody could let anybody in."""

from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.backends import ModelBackend
from django.db.models import Q

from accounts.models import User
from accounts.rights import is_administrator

LAST_ONE = (
    "There is no other administrator who can sign in. Make somebody else an administrator first."
)

THE_ONLY_ONE = (
    "This is the only administrator who can sign in. To delete them or to take their rights, make "
    "somebody else an administrator first."
)


def lock(*, with_user: int) -> None:
    """Lock the user and all administrators, in one order, until the transaction ends.

    So of two who take each other's rights at once, the second finds what the first left.
    """
    rows = User.objects.filter(Q(is_superuser=True) | Q(pk=with_user)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def is_last(user: User) -> bool:
    """Return whether the user is an administrator beside whom no other can sign in."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return is_administrator(user) and not any(can_sign_in(other) for other in others)


def is_still_one(user: User) -> bool:
    """Return whether the user is there, and an administrator, in the database at this moment."""
    found = User.objects.filter(pk=user.pk).first()
    return found is not None and is_administrator(found)


def can_sign_in(user: User) -> bool:
    """Return whether there is a way to sign in that the portal does not refuse to this user."""
    return (user.has_usable_password() or is_known_at_provider(user.email)) and is_let_in(user)


def is_known_at_provider(email: str) -> bool:
    """Return whether whoever has this address here, "" for none, can sign in at a provider."""
    return bool(settings.OIDC_NAME and email)


def is_let_in(user: User) -> bool:
    """Return whether the user may sign in at all: who left may not, nor who is of a rehearsal."""
    backends = [backend for backend in get_backends() if isinstance(backend, ModelBackend)]
    return any(backend.user_can_authenticate(user) for backend in backends)
