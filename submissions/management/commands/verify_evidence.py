"""manage.py verify_evidence"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.outages import StoreAway
from core.spoken_numbers import say_count
from submissions.responses.evidence_checks.weekly_check import check_evidence, checked_in_words


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
        checked = checked_in_words(check)
        if problems:
            raise CommandError(f"{checked}: {say_count(len(problems), 'problem')}.")
        self.stdout.write(f"{checked}: no problem.")
