"""manage.py restore"""

import sys
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from accounts.models import User
from backups import afterwards, drilling, reports
from backups.encryption import identities_in
from backups.errors import BackupFailed
from backups.folder import BackupFolder
from backups.reports import Kind
from backups.restoring import Restored, Restoring, keep_tombstones, one_at_a_time
from core import clock, schema
from core.outages import StoreAway, way_out
from core.spoken_numbers import say_count
from core.stores import NotListed
from personal_data import reapplying, since_backups
from personal_data.portal_log import Told
from submissions.responses.evidence_checks import record
from submissions.responses.evidence_checks.versions import VersionChecks
from submissions.responses.evidence_checks.weekly_check import (
    check_evidence,
    checked_in_words,
)

THERE = "The database and the files are there and mail is held, but not all was done"
AGAIN = "empty both, and restore again"


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty database and an empty store of files, bring the database "
        "up to date, erase again what was erased since, and verify the evidence. Mail is held "
        "until release_mail. Any problem makes the exit status 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="of", type=Path, help="The folder of backups; PORTAL_BACKUPS."
        )
        parser.add_argument("--backup", default="", help="Its name; the newest one without it.")
        parser.add_argument(
            "--identity",
            required=True,
            help="The file with the secret key, as age-keygen wrote it; - is standard input.",
        )
        parser.add_argument(
            "--by", default="", help="Username to record where the database lacks who erased."
        )
        parser.add_argument(
            "--without-files",
            action="store_true",
            help="Compare the files as they are stored, and restore the database alone.",
        )
        # Of a drill, whose key opens this backup alone.
        parser.add_argument("--alone", action="store_true", help=SUPPRESS)
        parser.add_argument(
            "--drill",
            action="store_true",
            help="Into a scratch database and a scratch folder, which are then deleted: a report "
            "says whether all of it worked.",
        )

    def handle(self, **options: Any) -> None:
        of = BackupFolder(options["of"] or settings.PORTAL_BACKUPS)
        with_files = not options["without_files"]
        try:
            identity = _text_of(options["identity"])
            identities = identities_in(identity)
            if options["drill"]:
                self._drill(of, options["backup"], identity, with_files)
            else:
                restoring = Restoring(
                    of,
                    options["backup"],
                    identities,
                    with_files=with_files,
                    alone=options["alone"],
                )
                with one_at_a_time():
                    self._restore(restoring, by=options["by"], with_files=with_files)
        except BackupFailed as error:
            raise CommandError(str(error)) from None

    def _drill(self, of: BackupFolder, name: str, identity: str, with_files: bool) -> None:
        at = clock.wall_now()
        try:
            said = drilling.drill(
                of.path, name=of.chosen(name), identity=identity, with_files=with_files
            )
        except BackupFailed as error:
            reports.write(Kind.DRILL, at=at, is_good=False, said=str(error))
            raise
        reports.write(Kind.DRILL, at=at, is_good=True, said=said)
        self.stdout.write(f"Drill: {said}")

    def _restore(self, restoring: Restoring, *, by: str, with_files: bool) -> None:
        restored = restoring.restore(wall_now=clock.wall_now())
        files = say_count(restored.files, "file")
        self.stdout.write(f"{restored.name} is restored: database, and {files}.")
        try:
            self._go_on(restored, by=by, with_files=with_files)
        except (DatabaseError, StoreAway, OSError) as error:
            if not (why := _why(error)):
                raise
            raise BackupFailed(f"{THERE}: {why}") from error

    def _go_on(self, restored: Restored, *, by: str, with_files: bool) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if refusal := schema.problem():
            raise BackupFailed(f"{THERE}: {refusal}")
        self._set_right(restored)
        self._erase_again(restored, by)
        if with_files:
            check, problems = check_evidence(wall_now=clock.wall_now())
            checked = checked_in_words(check)
        else:
            versions = VersionChecks()
            problems = [*versions.problems(), *record.problems()]
            checked = f"{say_count(versions.checked, 'version')} checked"
        for line in problems:
            self.stdout.write(line)
        said = f"{restored.name}: {checked}, {say_count(len(problems), 'problem')}"
        if problems or restored.unread:
            unread = say_count(len(restored.unread), "list")
            raise BackupFailed(f"{THERE}: {said}, {unread} of erasures unread.")
        self.stdout.write(f"{said}.")

    def _set_right(self, restored: Restored) -> None:
        for line in afterwards.set_right(
            backup=restored.name, at=clock.portal_now(), wall_now=clock.wall_now()
        ):
            self.stdout.write(line)
        if restored.has_other_key:
            self.stdout.write(
                "SECRET_KEY is not the one of this backup: nobody can return to a draft. Set that "
                "of then, or write it into SECRET_KEY_FALLBACKS, and restart."
            )
        for name in restored.manifest["lost"]:
            self.stdout.write(f"{name} was lost already when the backup was made.")

    def _erase_again(self, restored: Restored, by: str) -> None:
        keep_tombstones(restored.erasures)
        person = User.objects.filter(username=by).first() if by else None
        if by and person is None:
            raise BackupFailed(f"{THERE}: nobody here is called {by}. Run reapply_erasures --by.")
        try:
            kept = list(reapplying.kept_tombstones(unread=restored.unread.append))
        except NotListed:
            kept = []
            self.stdout.write(
                "The key of the bucket may not list it: what was erased is known by the lists "
                "beside the backups alone."
            )
        for name in restored.unread:
            self.stdout.write(
                f"{name} could not be read: what it lists is not erased again. Find another copy, "
                "decrypt it, and run: manage.py reapply_erasures FILE"
            )
        rows = since_backups.newest([*restored.erasures, *kept])
        done = reapplying.reapply(rows, Told(), by=person, at=clock.portal_now())
        for line in done.in_words():
            self.stdout.write(line)
        if done.refused:
            raise BackupFailed(
                f"{THERE}: {done.refused[0]}. Run: manage.py reapply_erasures --by USERNAME, then "
                "verify_evidence"
            )


def _why(error: DatabaseError | StoreAway | OSError) -> str:
    """Return what is away, and that all has to be done again; "" for a fault of another kind.

    This command cannot go on by itself: it refuses a database with tables.
    """
    if isinstance(error, DatabaseError):
        return way_out(error, then=AGAIN)
    where = error.host if isinstance(error, StoreAway) else "the disk"
    reason = error if isinstance(error, StoreAway) else error.strerror
    return f"{where}: {reason}; {AGAIN}."


def _text_of(identity: str) -> str:
    if identity == "-":
        return sys.stdin.read()
    try:
        return Path(identity).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BackupFailed(f"The identity {identity} cannot be read: {error.strerror}.") from None
