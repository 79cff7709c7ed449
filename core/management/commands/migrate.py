"""manage.py migrate"""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate

from core import schema


class Command(migrate.Command):
    help = f"{migrate.Command.help} Refuses a database of a newer or an unreleased version."

    def handle(self, *arguments: Any, **options: Any) -> None:
        if refusal := schema.problem_for_migrate():
            raise CommandError(refusal)
        super().handle(*arguments, **options)
        if not options["plan"] and not options["check_unapplied"]:
            schema.note_digests()

    def check(self, *arguments: Any, **options: Any) -> None:
        """Leave out the checks that ask the database: they would ask for this very command."""
        super().check(*arguments, **options | {"databases": []})
