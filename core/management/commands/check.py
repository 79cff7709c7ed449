"""manage.py check"""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import check
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection

from core.outages import way_out


class Command(check.Command):
    help = f"{check.Command.help} Also checks the database's schema where the database answers."

    def handle(self, *app_labels: Any, **options: Any) -> None:
        if options["databases"] is None and self._database_answers():
            options["databases"] = [DEFAULT_DB_ALIAS]
        try:
            super().handle(*app_labels, **options)
        except LookupError as error:  # no such app
            raise CommandError(str(error)) from None

    def _database_answers(self) -> bool:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            self.stderr.write(way_out(error, then="its schema is not checked"))
            return False
        return True
