"""manage.py remove_second_factor USERNAME"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.account_mail import tell
from accounts.models import SignIn
from accounts.record import naming, record
from accounts.states import AccountMailKind, AuditAction
from accounts.tasks import nudge_account_mail
from accounts.usernames import whose_is
from core import clock


class Command(BaseCommand):
    help = (
        "Remove the second factor and the recovery codes of somebody who lost them. That ends all "
        "their sign-ins, and a mail tells them. At the next sign-in they set up another. Make sure "
        "first that it is them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="as on the sign-in page; capitals do not matter")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = whose_is(username)
        if user is None:
            raise CommandError(
                f"there is nobody with the username {username}. Administrators see all of them "
                "under Users in /admin/"
            )
        name = user.get_username()
        with transaction.atomic():
            taken, _ = Authenticator.objects.filter(user=user).delete()
            if taken:
                SignIn.objects.filter(user=user).delete()
                record(
                    by=None,
                    at=clock.portal_now(),
                    action=AuditAction.SECOND_FACTOR_REMOVED,
                    **naming(user),
                )
                tell(user, AccountMailKind.SECOND_FACTOR, at=clock.wall_now())
                nudge_account_mail()
        self.stdout.write(f"{name}: {'taken away' if taken else 'there was none'}")
