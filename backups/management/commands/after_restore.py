"""manage.py after_restore"""

from typing import Any

from django.core.management.base import BaseCommand

from backups import afterwards
from core import clock
from submissions.outbox import holding


class Command(BaseCommand):
    help = (
        "After a restore by another program, such as pgBackRest, do what `restore` does at its "
        "end: hold mail, end sign-ins, links, invitations and tokens, forget the files of exports. "
        "Before web, worker and beat start. Then run reapply_erasures and verify_evidence."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        holding.hold(wall_now=clock.wall_now())
        for line in afterwards.set_right(
            backup="another program", at=clock.portal_now(), wall_now=clock.wall_now()
        ):
            self.stdout.write(line)
