"""manage.py compare_report"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from review.findings.changes_since_report import what_changed
from review.models import ReportRun

CANNOT = 2


class Command(BaseCommand):
    help = (
        "Make a report of findings again and say what differs from the one that was made. Each "
        "difference is a line; any difference makes the exit status 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=int, required=True, help="number of the report")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = ReportRun.objects.select_related("call")
        run = rows.filter(pk=options["run"]).first()
        if run is None:
            raise CommandError(f"There is no report {options['run']}.", returncode=CANNOT)
        changed = what_changed(run, reader=None, at=clock.portal_now())
        for line in changed:
            self.stdout.write(f"{line}.")
        if changed:
            several = "s" * (len(changed) > 1)
            raise CommandError(f"{run}: {len(changed):,} difference{several}.".capitalize())
        self.stdout.write(f"{run}: nothing changed.".capitalize())
