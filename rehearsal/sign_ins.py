"""The three sign-ins of a rehearsal. Without one, `accounts.sign_in.PortalBackend` refuses them."""

from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts import memberships
from accounts.models import User
from accounts.record import naming, record
from accounts.states import REHEARSAL_EMAIL_DOMAIN, AuditAction, Role
from submissions.calls.models import Call

SIGN_INS = {"admin": None, "staff": Role.MANAGER, "steering": Role.STEERING_MEMBER}


def ensure_rehearsal_sign_ins(password: str, *, at: datetime) -> list[str]:
    """Make `admin` (superuser), `staff` and `steering` with `password`; return the names taken.

    The admin is an administrator, the others are a manager and a steering member of each call that
    there is. A user of such a name with another email address than a rehearsal's is left alone:
    somebody made it.
    """
    taken = []
    with transaction.atomic():
        for name, role in SIGN_INS.items():
            email = f"{name}@{REHEARSAL_EMAIL_DOMAIN}"
            user, is_new = User.objects.get_or_create(username=name, defaults={"email": email})
            if user.email != email:
                taken.append(name)
                continue
            user.is_active = True
            user.is_superuser = role is None
            # Hashing takes a tenth of a second, so only a new password is hashed.
            if not check_password(password, user.password):
                user.set_password(password)
            user.save()
            if is_new:
                record(
                    by=None,
                    at=at,
                    action=AuditAction.PERSON_CHANGED,
                    **naming(user),
                    is_superuser=user.is_superuser,
                    through="a rehearsal",
                )
            if role is not None:
                for call in Call.objects.exclude(members__person=user):
                    memberships.give(person=user, call=call, role=role, by=None, at=at)
    return taken
