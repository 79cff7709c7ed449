"""manage.py migrate"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connection

from core import advisory_locks, database_roles, schema, upgrading

MIGRATING_LOCK = 5_283_311  # any number that no other advisory lock of this database has


def _is_whole(options: Mapping[str, Any]) -> bool:
    """Return whether the newest schema is asked for, and to be made."""
    return not (options["plan"] or options["check_unapplied"] or options["app_label"])


class Command(migrate.Command):
    help = (
        f"{migrate.Command.help} Refuses a database of a newer or an unreleased version, and to "
        "run while web, worker or beat do if the release before cannot serve meanwhile. With "
        "MIGRATION_DATABASE_URL it works as that role, the owner of the tables, and lets "
        "DATABASE_URL's role serve, which it makes if there is none."
    )

    def handle(self, *arguments: Any, **options: Any) -> None:
        password = settings.DATABASES["default"]["PASSWORD"]
        with database_roles.as_owner() as role, self._alone(options):
            for other in filter(None, (schema.other_postgres(), schema.other_letters())):
                self.stderr.write(other)
            if refusal := schema.problem_for_migrate():
                raise CommandError(refusal)
            if role and _is_whole(options) and (refusal := upgrading.refusal(role)):
                raise CommandError(refusal)
            super().handle(*arguments, **options)
            if options["plan"] or options["check_unapplied"]:
                return
            schema.note_digests()
            if role:
                database_roles.grant(role, password=password)
            has_time_outs = database_roles.set_time_outs(role)
        if not has_time_outs:
            database_roles.set_time_outs()

    @contextmanager
    def _alone(self, options: Mapping[str, Any]) -> Iterator[None]:
        """Refuse to change the tables while another migrate does: one of the two could fail."""
        if options["plan"] or options["check_unapplied"]:
            yield
            return
        with advisory_locks.held(MIGRATING_LOCK, connection=connection.copy()) as is_alone:
            if not is_alone:
                raise CommandError(
                    "Another migrate of this database is running. Wait until it has ended, then "
                    "run this again."
                )
            yield

    def check(self, *arguments: Any, **options: Any) -> None:
        """Leave out the checks that ask the database: they would ask for this very command."""
        super().check(*arguments, **options | {"databases": []})
