"""The three sign-ins of a rehearsal, which `views.sign_in.PortalBackend` refuses outside one."""

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import User
from accounts.states import PROJECT_STAFF, REHEARSAL_EMAIL_DOMAIN, STEERING_GROUP

SIGN_INS = {"admin": None, "staff": PROJECT_STAFF, "steering": STEERING_GROUP}


def ensure_rehearsal_sign_ins(password: str) -> list[str]:
    """Make `admin` (superuser), `staff` and `steering` with `password`; return those kept out.

    A user of such a name whose email is not a rehearsal's is somebody's own: it stays as it is.
    The groups must be there already.
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
            # A hash takes a tenth of a second to make: it is kept while it still fits.
            if not check_password(password, user.password):
                user.set_password(password)
            user.save()
            user.groups.set(Group.objects.filter(name=group))
    return taken
