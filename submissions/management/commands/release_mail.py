"""manage.py release_mail"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from core import clock
from submissions.outbox import holding
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState


class Command(BaseCommand):
    help = (
        "Release the mail that a restore held back. Look at the outbox in /admin/ first: what "
        "waits there goes out, and what the restore gave up stays until somebody sends it again."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        if not holding.is_held():
            self.stdout.write("Mail is not held.")
            return
        with transaction.atomic():
            record(by=None, at=clock.portal_now(), action=AuditAction.MAIL_RELEASED)
            waiting = OutboxEmail.objects.filter(state=OutboxState.WAITING).count()
            # Last: while the database is away, mail stays held.
            holding.release()
        self.stdout.write(f"Mail goes out again; {waiting:,} waiting.")
