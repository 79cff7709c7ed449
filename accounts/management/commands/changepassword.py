"""manage.py changepassword"""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from core import clock


class Command(changepassword.Command):
    help = f"{changepassword.Command.help} That goes on record."

    def handle(self, *args: Any, **options: Any) -> str | None:
        with transaction.atomic():
            said = super().handle(*args, **options)
            record(
                by=None,
                at=clock.portal_now(),
                action=AuditAction.PASSWORD_CHANGED,
                person=options["username"] or getpass.getuser(),
                through="changepassword",
            )
        return said
