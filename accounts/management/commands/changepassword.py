"""manage.py changepassword"""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from accounts import tries
from accounts.account_mail import tell
from accounts.models import User
from accounts.record import naming, record
from accounts.states import AccountMailKind, AuditAction
from accounts.tasks import nudge_account_mail
from core import clock


class Command(changepassword.Command):
    help = f"{changepassword.Command.help} That goes on record, and a mail tells them."

    def handle(self, *args: Any, **options: Any) -> str | None:
        with transaction.atomic():
            said = super().handle(*args, **options)
            name = options["username"] or getpass.getuser()
            person = User.objects.get_by_natural_key(name)
            record(
                by=None,
                at=clock.portal_now(),
                action=AuditAction.PASSWORD_CHANGED,
                **naming(person),
                through="changepassword",
            )
            tries.went_right(account=tries.of_account("password", person.get_username()))
            tell(person, AccountMailKind.PASSWORD_CHANGED, at=clock.wall_now())
            nudge_account_mail()
        return said
