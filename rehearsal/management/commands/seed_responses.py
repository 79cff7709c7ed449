"""manage.py seed_responses --count N"""

import secrets
from datetime import datetime
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.spoken_numbers import say_count
from rehearsal.named_call import find_call
from rehearsal.seeding import SeedingRefused, seed_responses
from rehearsal.team import seed_team
from submissions.calls.models import Call
from submissions.responses.errors import CallNotYetOpen

MOST = 1_000_000


class Command(BaseCommand):
    help = (
        "Adds fake responses to a call, to try the portal with: words, people and "
        "organisations are all made up, and addresses are of domains reserved for examples. "
        "No mail is sent for them. Refused in production: fake responses never mix with real "
        "ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True, help="submitted responses to add")
        parser.add_argument("--drafts", type=int, default=0, help="drafts to add; default 0")
        parser.add_argument(
            "--seed", type=int, help="the same number gives the same responses; default random"
        )
        parser.add_argument(
            "--team",
            action="store_true",
            help="have a made-up team code a sample of them, differ, decide, and write findings",
        )
        parser.add_argument("--call", metavar="SLUG", help="needed if there are several calls")

    def handle(
        self, *, count: int, drafts: int, seed: int | None, call: str | None, team: bool, **_: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError("Fake responses are not added in production.")
        if not (0 <= count <= MOST and 0 <= drafts <= MOST):
            raise CommandError(f"--count and --drafts go from 0 to {MOST:,}.")
        if seed is None:
            seed = secrets.randbelow(1_000_000)
        chosen, at = find_call(call), clock.portal_now()
        try:
            words = seed_responses(call=chosen, count=count, drafts=drafts, seed=seed, at=at)
        except CallNotYetOpen:
            raise CommandError(f"{chosen.slug} opens {chosen.opens_in_words}.") from None
        except SeedingRefused as refused:
            raise CommandError(f"{refused}.") from None
        made = f"{say_count(count, 'fake response')} and {say_count(drafts, 'draft')}"
        line = f"{chosen.slug}: {made}, seed {seed}"
        if words:
            line += f"; words: median {round(median(words)):,}, most {max(words):,}"
        self.stdout.write(line)
        if team:
            self.stdout.write(_code_them(chosen, seed, at))


def _code_them(call: Call, seed: int, at: datetime) -> str:
    """Have the team code them; return what to say of it."""
    try:
        done = seed_team(call=call, seed=seed, at=at)
    except SeedingRefused as refused:
        raise CommandError(f"The responses are there, but {refused}.") from None
    return (
        f"a made-up team coded {done.responses} of them: {say_count(done.codings, 'passage')}, "
        f"{say_count(done.differing, 'sentence')} differently, {done.decided} of them decided, "
        f"{say_count(done.quotes, 'quote')} in {say_count(done.findings, 'finding')}"
    )
