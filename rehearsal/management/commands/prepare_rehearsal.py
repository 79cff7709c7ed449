"""manage.py prepare_rehearsal"""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from rehearsal.sign_ins import SIGN_INS, ensure_rehearsal_sign_ins


class Command(BaseCommand):
    help = (
        "Make the sign-ins of a rehearsal (admin, staff, steering), with the password in "
        "PORTAL_DEMO_PASSWORD, and make staff and steering members of each call. Run it again "
        "after load_call. Refuses unless a rehearsal clock runs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not clock.is_rehearsal():
            raise CommandError("No rehearsal clock runs, so there are no rehearsal sign-ins.")
        password = os.environ.get("PORTAL_DEMO_PASSWORD", "")
        if not password:
            raise CommandError("PORTAL_DEMO_PASSWORD is not set: write the sign-ins' password.")
        taken = ensure_rehearsal_sign_ins(password, at=clock.portal_now())
        if taken:
            self.stderr.write(f"left as they are, somebody's own sign-ins: {', '.join(taken)}")
        self.stdout.write(
            f"rehearsal sign-ins ready: {', '.join(name for name in SIGN_INS if name not in taken)}"
        )
