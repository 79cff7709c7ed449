"""The three sign-ins of a rehearsal. Without one, `accounts.sign_in.PortalBackend` refuses them."""

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import User
from accounts.states import PROJECT_STAFF, REHEARSAL_EMAIL_DOMAIN, STEERING_GROUP

SIGN_INS = {"admin": None, "staff": PROJECT_STAFF, "steering": STEERING_GROUP}


def ensure_rehearsal_sign_ins(password: str) -> list[str]:
    """Make `admin` (superuser), `staff` and `steering` with `password`; return the names taken.

    A user of such a name with another email address than a rehearsal's is left alone: somebody
    made it. The groups must exist.
    """
    taken = []
    with transaction.atomic():
        for name, group in SIGN_INS.items():
            email = f"{name}@{REHEARSAL_EMAIL_DOMAIN}"
            user, _ = User.objects.get_or_create(username=name, defaults={"email": email})
            if user.email != email:
                taken.append(name)
                continue
            user.is_active = True
            user.is_superuser = group is None
            user.is_staff = group in (None, PROJECT_STAFF)
            # Hashing takes a tenth of a second, so only a new password is hashed.
            if not check_password(password, user.password):
                user.set_password(password)
            user.save()
            user.groups.set(Group.objects.filter(name=group))
    return taken
