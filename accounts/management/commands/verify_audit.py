"""manage.py verify_audit"""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.chain import ChainCheck
from core.spoken_numbers import say_count

DIGEST = re.compile(r"[0-9a-f]{64}")


class Command(BaseCommand):
    help = (
        "Check the chain of the record: that no audit event was changed, removed, moved or put in "
        "afterwards. Events that are not sealed yet are sealed first. Each problem is a line; any "
        "problem makes the exit status 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="SHA256",
            help="a head of the chain that stood outside the database, such as in a staff digest: "
            "all 64 characters; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chain = ChainCheck()
        known = ["".join(head.split()).lower() for head in options["head"]]
        for head in known:
            if not DIGEST.fullmatch(head):
                raise CommandError(
                    f"--head {head}: a head has 64 characters, digits and the letters a to f. Copy "
                    "all of it."
                )
        problems = list(chain.problems(known_heads=known))
        for line in problems:
            self.stdout.write(line)
        events = say_count(chain.sealed, "audit event")
        checked = f"{events} checked, head {chain.head or 'none yet'}"
        if problems:
            raise CommandError(f"{checked}: {say_count(len(problems), 'problem')}.")
        self.stdout.write(f"{checked}: no problem.")
