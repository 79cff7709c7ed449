"""manage.py verify_evidence"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.outages import StoreAway
from submissions.responses.evidence_checks.weekly_check import check_evidence


class Command(BaseCommand):
    help = (
        "Check every submitted version and every file against its digest, their order and "
        "deadlines, and the record. Changes nothing but the result that staff see. Each problem "
        "is a line with a reference; any problem makes the exit status 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check, problems = check_evidence(wall_now=clock.wall_now())
        except StoreAway as error:
            raise CommandError(
                f"{error.host}: {error}. Files could not be read, and no result was noted. Run it "
                "again once /readyz/ says that uploads are ok."
            ) from None
        for line in problems:
            self.stdout.write(line)
        checked = f"{check.versions:,} versions and {check.files:,} files checked"
        if problems:
            several = "s" * (len(problems) > 1)
            raise CommandError(f"{checked}: {len(problems):,} problem{several}.")
        self.stdout.write(f"{checked}: no problem.")
