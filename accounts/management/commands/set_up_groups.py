"""manage.py set_up_groups"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.groups import PERMISSIONS, ensure_groups


class Command(BaseCommand):
    help = (
        "Make the groups of people who sign in, each with its permissions. Running it again gives "
        "what a new release adds, and leaves what superusers have changed: it says what that is. "
        "Put people into the groups in the admin; project staff also need their “staff status” "
        "ticked there."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="give each group exactly its permissions, also where superusers have changed them",
        )

    def handle(self, *args: Any, reset: bool = False, **options: Any) -> None:
        differences = ensure_groups(reset=reset)
        self.stdout.write(f"groups ready: {', '.join(PERMISSIONS)}")
        for name, those in differences.items():
            self.stdout.write(
                f"{name}: left as superusers have changed it ({' '.join(those)}); "
                "--reset takes that back"
            )
