"""`manage.py move_files`: from the disk into a bucket of S3, and back."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.moving_files import AlreadyMoving, Moved, move, one_at_a_time
from core.outages import StoreAway
from core.stores import DISK, S3, has_bucket, store
from personal_data.stored_files import is_known, kept_files

EVERY = 10.0  # seconds between two lines
MB = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Move every file to where new files go, while the portal runs: each is compared with its "
        "digest, copied, compared again, and then deleted where it was. Stop it when you like, and "
        "run it again to go on; files that were moved stay moved. To go back, set PORTAL_FILES to "
        "the other, restart the portal, and move the files the other way."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", choices=[S3, DISK], required=True, help="Where they go.")

    def handle(self, *, to: str, **_options: Any) -> None:
        if not has_bucket():
            raise CommandError(
                "There is one place for files, the disk. Set PORTAL_FILES_S3_BUCKET and what goes "
                "with it; docs/guides/operators.md says what."
            )
        if (to == S3) != settings.FILES_ON_S3:
            raise CommandError(
                f"New files do not go there yet. Set PORTAL_FILES={to} and restart web, worker "
                "and beat; then run this again. Both places are read meanwhile."
            )
        source, target = store(DISK if to == S3 else S3), store(to)
        self._said = monotonic()
        try:
            with one_at_a_time():
                done = move(
                    kept_files(source),
                    source=source,
                    target=target,
                    is_known=is_known,
                    note=self._say_now_and_then,
                )
        except AlreadyMoving:
            raise CommandError("Another move_files runs: wait for it, or stop it.") from None
        except (StoreAway, OSError) as error:
            raise CommandError(
                f"Stopped: {_reason(error)}. No file is lost; run it again to go on."
            ) from None
        for line in done.problems:
            self.stdout.write(line)
        self.stdout.write(f"{_in_words(done)}.")
        if done.problems:
            stay = len(done.problems)
            raise CommandError(
                f"{stay:,} {'file stays' if stay == 1 else 'files stay'} as named above. Look for "
                "the file in a backup, put it back under its name, and run this again."
            )

    def _say_now_and_then(self, done: Moved) -> None:
        if monotonic() - self._said >= EVERY:
            self._said = monotonic()
            self.stdout.write(f"{_in_words(done)} so far")


def _reason(error: Exception) -> str:
    if isinstance(error, StoreAway):
        return f"{error.host}: {error}"
    return f"the disk of files: {getattr(error, 'strerror', None) or type(error).__name__}"


def _in_words(done: Moved) -> str:
    return (
        f"{done.moved:,} moved ({done.size / MB:,.1f} MB), {done.there_already:,} were there, "
        f"{done.ended:,} ended meanwhile, {len(done.problems):,} with a problem"
    )
