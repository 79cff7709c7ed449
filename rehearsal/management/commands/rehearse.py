"""manage.py rehearse: move the rehearsal clock, or delete what a rehearsal made."""

import re
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from core import clock, database_roles, spoken_time
from core.spoken_numbers import say_count
from core.time_limits import EARLIEST, YEARS_AHEAD, latest_moment
from rehearsal import resetting
from rehearsal.errors import ResetRefused
from rehearsal.named_call import find_call
from submissions.calls.models import Call

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
STEP = re.compile(r"(?P<anchor>opening|closing)?(?:(?P<sign>[+-])(?P<number>\d+)(?P<unit>[smhd]))?")


class Command(BaseCommand):
    help = (
        "Moves a rehearsal's clock in the running portal, at once and everywhere, or removes "
        "everything that a rehearsal made. Refuses where no rehearsal clock runs, and never "
        "touches a portal that has real responses. Without options it says what time it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            metavar="WHEN",
            help="opening, closing, closing-10m, closing+1d, +1h (from now), or a date and time "
            "such as 2019-07-24T11:50 (in the call's time zone unless it has an offset).",
        )
        parser.add_argument("--call", metavar="SLUG", help="whose opening and closing are meant")
        parser.add_argument(
            "--reset", action="store_true", help="remove all that the rehearsal made"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not clock.is_rehearsal():
            raise CommandError("No rehearsal runs: the real clock cannot be moved.")
        if options["reset"]:
            self._reset()
        if options["at"]:
            moment = self._bounded(options["at"], options["call"])
            if moment < clock.portal_now():
                self.stdout.write(
                    "The clock goes back: mails and times that were made later now lie ahead."
                )
            clock.move_to(moment)
        self.stdout.write(
            f"The portal's clock stands at {spoken_time.say_exactly(clock.portal_now())}."
        )

    def _reset(self) -> None:
        try:
            with database_roles.as_owner():
                done = resetting.reset(at=clock.portal_now())
        except ResetRefused as refused:
            raise CommandError(str(refused)) from None
        responses, files = say_count(done.responses, "response"), say_count(done.files, "file")
        self.stdout.write(f"Removed {responses} and {files}.")

    def _bounded(self, text: str, slug: str | None) -> datetime:
        latest = latest_moment(clock.wall_now())
        try:
            moment = self._moment(text, slug).astimezone(UTC)
        except OverflowError:
            moment = datetime.max.replace(tzinfo=UTC)
        if not EARLIEST <= moment <= latest:
            raise CommandError(
                f"“{text}” is too far away: choose a moment from {EARLIEST.year} on and within "
                f"{YEARS_AHEAD} years from now."
            )
        return moment

    def _moment(self, text: str, slug: str | None) -> datetime:
        step = STEP.fullmatch(text)
        if step is None or not text:
            return self._written(text, slug)
        base = clock.portal_now()
        if step["anchor"]:
            call = find_call(slug)
            base = call.opens_at if step["anchor"] == "opening" else call.closes_at
        if not step["number"]:
            return base
        move = timedelta(**{UNITS[step["unit"]]: int(step["number"])})
        return base - move if step["sign"] == "-" else base + move

    def _written(self, text: str, slug: str | None) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise CommandError(
                f"“{text}” is not a moment. Write closing-10m, +1h or 2019-07-24T11:50."
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(_zone(slug)))
        return moment


def _zone(slug: str | None) -> str:
    """Return the zone of a moment without one; calls in one zone need no name for it."""
    zones = set(Call.objects.values_list("timezone", flat=True))
    return zones.pop() if slug is None and len(zones) == 1 else find_call(slug).timezone
