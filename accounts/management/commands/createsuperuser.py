"""manage.py createsuperuser"""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction

from accounts.models import User
from accounts.record import naming, record
from accounts.states import AuditAction
from core import clock


class Command(createsuperuser.Command):
    help = f"{createsuperuser.Command.help} That goes on record."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            before = list(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
            super().handle(*args, **options)
            for person in User.objects.filter(is_superuser=True).exclude(pk__in=before):
                record(
                    by=None,
                    at=clock.portal_now(),
                    action=AuditAction.PERSON_CHANGED,
                    **naming(person),
                    is_superuser=True,
                    through="createsuperuser",
                )
