"""manage.py backup"""

import time as clock_of_process
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError
from pyrage import x25519

from backups import drilling, making, nightly, reports
from backups.encryption import recipients_from
from backups.errors import AlreadyRunning, BackupFailed, Damaged
from backups.folder import LONGEST, BackupFolder
from backups.reports import Kind
from core import clock, clock_check
from core.outages import way_out
from core.redacting_logs import describe
from core.spoken_numbers import say_count

DAILY, WEEKLY = 14, 4


class Command(BaseCommand):
    help = (
        "Back up the database and the files, encrypted with age to the public keys in "
        "BACKUP_RECIPIENTS, into PORTAL_BACKUPS; then delete the backups that are not to be kept. "
        "No key on this machine opens them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="The folder of backups; PORTAL_BACKUPS.")
        parser.add_argument(
            "--recipient",
            action="append",
            help="A public key of age, instead of BACKUP_RECIPIENTS; may be given several times.",
        )
        parser.add_argument(
            "--keep-daily",
            type=_at_least_one,
            default=DAILY,
            metavar="DAYS",
            help="Keep all backups of the last two days, and the newest of each of so many days; "
            f"{DAILY}.",
        )
        parser.add_argument(
            "--keep-weekly",
            type=_whole,
            default=WEEKLY,
            metavar="WEEKS",
            help=f"And of each of so many weeks; {WEEKLY}. None is kept for more than "
            f"{LONGEST.days} days: what was erased is gone from backups then, too.",
        )
        does = parser.add_mutually_exclusive_group()
        does.add_argument(
            "--drill",
            action="store_true",
            help="Then restore this backup's database into a scratch one, verify and drop it. A "
            "key for that is made and forgotten; the files are compared as they are stored.",
        )
        does.add_argument(
            "--check",
            action="store_true",
            help="Compare all backups with their digests, no more. Any that is damaged makes the "
            "exit status 1.",
        )
        does.add_argument(
            "--list", action="store_true", help="Name the backups that there are, no more."
        )
        does.add_argument(
            "--erasures",
            action="store_true",
            help="Write the newest list of erasures beside the backups, no more.",
        )
        does.add_argument(
            "--nightly",
            type=_time,
            metavar="HH:MM",
            help="Stay, and back up every night at that time (UTC), on Sundays with --drill; the "
            "list of erasures every hour.",
        )

    def handle(self, **options: Any) -> None:
        into = BackupFolder(options["to"] or settings.PORTAL_BACKUPS)
        recipients = options["recipient"] or settings.BACKUP_RECIPIENTS
        try:
            if options["nightly"]:
                self._every_night(into, recipients, options)
            elif options["check"]:
                self._check(into)
            elif options["list"]:
                self._list(into)
            elif options["erasures"]:
                number = making.write_erasures(into, recipients=recipients)
                self.stdout.write(f"Erasures listed: {number:,}.")
            else:
                self._back_up(into, recipients, options, _now())
        except BackupFailed as error:
            raise CommandError(str(error)) from None
        except OperationalError as error:
            raise CommandError(_no_database(error)) from None

    def _back_up(
        self, into: BackupFolder, recipients: list[str], options: dict[str, Any], at: datetime
    ) -> None:
        key = x25519.Identity.generate() if options["drill"] else None
        try:
            made = making.make(
                into, recipients=recipients, at=at, also_for=key.to_public() if key else None
            )
            gone = _prune(into, at, options)
        except AlreadyRunning:
            raise
        except (BackupFailed, OperationalError) as error:
            said = str(error) if isinstance(error, BackupFailed) else _no_database(error)
            reports.write(Kind.BACKUP, at=at, is_good=False, said=said)
            raise
        counts = made.counts
        said = (
            f"{made.name}: {say_count(counts['responses'], 'response')}, "
            f"{say_count(counts['versions'], 'version')}, {say_count(counts['files'], 'file')}, "
            f"{made.stored:,} of them new. Deleted: {len(gone)} old."
        )
        reports.write(Kind.BACKUP, at=at, is_good=True, said=said)
        self.stdout.write(said)
        for name in made.lost:
            self.stderr.write(f"{name} is missing or damaged, and in no backup: verify_evidence")
        if key:
            self._drill(into, made.name, key, at)

    def _drill(self, into: BackupFolder, name: str, key: x25519.Identity, at: datetime) -> None:
        try:
            said = drilling.drill(
                into.path, name=name, identity=str(key), with_files=False, alone=True
            )
        except BackupFailed as error:
            reports.write(Kind.DRILL, at=at, is_good=False, said=str(error))
            raise
        reports.write(Kind.DRILL, at=at, is_good=True, said=said)
        self.stdout.write(f"Drill: {said}")

    def _check(self, into: BackupFolder) -> None:
        names = into.names()
        into.chosen("")
        damaged = 0
        for name in names:
            try:
                files, size = into.check(name)
            except Damaged as error:
                if name not in into.names():
                    continue  # a backup that was made meanwhile has deleted it
                damaged += 1
                self.stdout.write(str(error))
                continue
            self.stdout.write(f"{name}: {say_count(files, 'file')}, {size:,} bytes, whole.")
        if damaged:
            raise BackupFailed(
                f"{damaged:,} of {say_count(len(names), 'backup')} "
                f"{'is' if damaged == 1 else 'are'} damaged. "
                "Copy them back from where the folder was copied to, or delete their folders."
            )

    def _list(self, into: BackupFolder) -> None:
        into.chosen("")
        for name in into.names():
            self.stdout.write(name)

    def _every_night(
        self, into: BackupFolder, recipients: list[str], options: dict[str, Any]
    ) -> None:
        recipients_from(recipients)  # refused now, and not each night
        words = ["--to", str(into.path)]
        words += ["--keep-daily", str(options["keep_daily"])]
        words += ["--keep-weekly", str(options["keep_weekly"])]
        for key in options["recipient"] or []:
            words += ["--recipient", key]
        nightly.run(
            at=options["nightly"],
            options=words,
            newest=lambda: max(into.names(), default=""),
            wall_now=clock.wall_now,
            wait=clock_of_process.sleep,
        )


def _prune(into: BackupFolder, at: datetime, options: dict[str, Any]) -> list[str]:
    """Delete old backups; another backup that has begun since does it at its end."""
    try:
        with into.locked():
            return into.prune(
                wall_now=at, daily=options["keep_daily"], weekly=options["keep_weekly"]
            )
    except AlreadyRunning:
        return []


def _now() -> datetime:
    """Return the moment by which a backup is named and old ones are deleted.

    It is the database's where this machine's clock is wrong. By one that was ahead, every old
    backup would be deleted, and for long no new one would be the newest.
    """
    at = clock.wall_now()
    try:
        return clock_check.corrected(at)
    except DatabaseError:
        return at  # no backup is made, and its report says why


def _no_database(error: OperationalError) -> str:
    """Return why the database let no backup be made, in one line without data."""
    said = way_out(error, then="the next backup tries again")
    return said or f"The database broke off: {describe(error)}. The next backup tries again."


def _at_least_one(text: str) -> int:
    if _whole(text) == 0:
        raise ArgumentTypeError("keep one day at least")
    return _whole(text)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day, in UTC
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time, such as 02:30") from None
