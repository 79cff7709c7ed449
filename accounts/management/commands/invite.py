"""manage.py invite ADDRESS"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import invitations
from accounts.errors import AlreadyHere
from accounts.models import Invitation
from accounts.states import Role
from accounts.tasks import nudge_account_mail
from core import clock
from core.addresses import AddressRefused

ADMINISTRATOR = "administrator"


class Command(BaseCommand):
    help = (
        "Invite somebody by mail: the link in it works once, within 7 days, and makes their "
        "account, a member of a call or an administrator of the portal. Inviting an address again "
        "ends the link that was sent before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="their email address, which becomes their username")
        parser.add_argument(
            "--as",
            dest="role",
            required=True,
            choices=[*Role.values, ADMINISTRATOR],
            help="what they become: a role in the call, or an administrator of every call",
        )
        parser.add_argument("--call", metavar="SLUG", help="which call; not for administrators")

    def handle(self, *args: Any, address: str, role: str, call: str | None, **options: Any) -> None:
        is_administrator = role == ADMINISTRATOR
        if is_administrator and call:
            raise CommandError("an administrator has every call: leave --call out")
        if not is_administrator and not call:
            raise CommandError(f"--call SLUG: in which call are they {role}?")
        to, wall_now = _call(call) if call else None, clock.wall_now()
        try:
            ends = invitations.say_what_ends(address, call=to, wall_now=wall_now)
            invitation = invitations.invite(
                email=address,
                call=to,
                role=None if is_administrator else Role(role),
                by=None,
                at=clock.portal_now(),
                wall_now=wall_now,
            )
        except (AlreadyHere, AddressRefused) as error:
            raise CommandError(str(error)) from error
        nudge_account_mail()
        self.stdout.write(
            f"invited {invitation.email}: the worker sends the mail, and the list of invitations "
            "in /admin/ says whether it has"
        )
        if ends:
            self.stdout.write(ends)


def _call(slug: str) -> Any:
    field: Any = Invitation._meta.get_field("call")
    calls = field.related_model._default_manager
    found = calls.filter(slug=slug).first()
    if found is None:
        slugs = ", ".join(calls.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"there is no call {slug}. Calls: {slugs}")
    return found
