"""manage.py end_record"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock, clock_check, database_roles
from core.attempts import SomeFailed
from retention.carrying_out import carry_out
from submissions.calls.retention import DataClass


class Command(BaseCommand):
    help = (
        "End the record of each call that has been kept for its period, as the role of "
        "MIGRATION_DATABASE_URL: the one that serves pages cannot delete an audit event. Run it "
        "once a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with database_roles.as_owner():
            if not database_roles.owns_tables():
                raise CommandError(
                    "Only the owner of the tables ends the record: set MIGRATION_DATABASE_URL to "
                    "the owner's address for this command."
                )
            if clock_check.is_wrong():
                raise CommandError("Nothing ends by a clock that is wrong: set it first.")
            try:
                ended = carry_out(at=clock.portal_now(), only=DataClass.RECORD)
            except SomeFailed:
                raise CommandError(
                    "The record of a call did not end; the lines above say of which, and why. All "
                    "others that are due have ended."
                ) from None
        self.stdout.write(f"Audit events ended: {ended['events']:,}.")
