"""manage.py createsuperuser"""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.record import naming, record
from accounts.states import AuditAction
from accounts.usernames import lock_names, whose_address
from core import clock


class Command(createsuperuser.Command):
    help = f"{createsuperuser.Command.help} That goes on record."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            before = list(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
            # At this verbosity Django does not say that it is done, which may yet be refused.
            try:
                super().handle(*args, **options | {"verbosity": 0})
            except IntegrityError:
                raise CommandError(
                    "Somebody else made a user of this name at the same moment. Nobody was made."
                ) from None
            made = User.objects.filter(is_superuser=True).exclude(pk__in=before)
            if not made:
                raise CommandError("Nobody was made.")
            for person in made:
                _refuse_address_of_another(person)
                record(
                    by=None,
                    at=clock.portal_now(),
                    action=AuditAction.PERSON_CHANGED,
                    **naming(person),
                    is_superuser=True,
                    through="createsuperuser",
                )
        if options["verbosity"] >= 1:
            self.stdout.write("Superuser created successfully.")


def _refuse_address_of_another(person: User) -> None:
    lock_names()  # only now: what is typed takes its time
    other = whose_address(person.email, except_of=person) if person.email else None
    if other is not None:
        raise CommandError(
            f"{other.get_username()} has the address {person.email}: give another one, or change "
            "it under Users in /admin/. Nobody was made."
        )
