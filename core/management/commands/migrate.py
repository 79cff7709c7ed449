"""manage.py migrate"""

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate

from core import database_roles, schema


class Command(migrate.Command):
    help = (
        f"{migrate.Command.help} Refuses a database of a newer or an unreleased version. With "
        "MIGRATION_DATABASE_URL it works as that role, the owner of the tables, and lets "
        "DATABASE_URL's role serve, which it makes if there is none."
    )

    def handle(self, *arguments: Any, **options: Any) -> None:
        password = settings.DATABASES["default"]["PASSWORD"]
        with database_roles.as_owner() as role:
            if refusal := schema.problem_for_migrate():
                raise CommandError(refusal)
            super().handle(*arguments, **options)
            if options["plan"] or options["check_unapplied"]:
                return
            schema.note_digests()
            if role:
                database_roles.grant(role, password=password)

    def check(self, *arguments: Any, **options: Any) -> None:
        """Leave out the checks that ask the database: they would ask for this very command."""
        super().check(*arguments, **options | {"databases": []})
