"""manage.py set_up_groups"""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.groups import PERMISSIONS, ensure_groups


class Command(BaseCommand):
    help = (
        "Make the groups of people who sign in, each with exactly its permissions. "
        "Running it again changes nothing. Put people into the groups in the admin; project "
        "staff also need their “staff status” ticked there."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_groups()
        self.stdout.write(f"groups ready: {', '.join(PERMISSIONS)}")
