"""`manage.py reapply_erasures`: run it after each restore of a backup."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from core import clock
from core.stores import NotListed
from personal_data import portal_log, reapplying, since_backups


class Command(BaseCommand):
    help = (
        "Erase and withdraw again what was erased or withdrawn after the backup that was restored: "
        "by the small files beside the uploads, by what list_erasures or backup wrote, and by the "
        "portal's log. Say what was changed, hidden or received since. Nobody is told twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", help="What list_erasures wrote.")
        parser.add_argument(
            "--log",
            action="append",
            default=[],
            help="What web and worker wrote to the log since; - is standard input.",
        )
        parser.add_argument(
            "--by", default="", help="Username to record where the database lacks who decided."
        )

    def handle(self, *, files: list[str], log: list[str], by: str, **_options: Any) -> None:
        try:
            person = User.objects.get(username=by) if by else None
            listed = [one for file in files for one in _listed_in(Path(file))]
            told = portal_log.read(line for file in log for line in _lines_of(file))
        except User.DoesNotExist:
            raise CommandError(f"Nobody here is called {by}.") from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(f"{error}.") from None
        if log and not told.lines:
            raise CommandError("The log has no line of the portal's: name that of web.")
        unread: list[str] = []
        rows = since_backups.newest([*listed, *self._kept(files, unread)])
        done = reapplying.reapply(rows, told, by=person, at=clock.portal_now())
        for line in done.in_words():
            self.stdout.write(line)
        if done.refused:
            raise CommandError(f"{done.refused[0]}: say who it is to be with --by USERNAME.")
        if unread:
            raise CommandError(
                f"Damaged, so that what they say is not erased again: {', '.join(unread)}. Delete "
                "them, and name what list_erasures wrote."
            )
        if done.not_erased:
            raise CommandError("Not all is erased that was.")

    def _kept(self, files: list[str], unread: list[str]) -> list[dict[str, Any]]:
        try:
            return list(reapplying.kept_tombstones(unread=unread.append))
        except NotListed:
            said = "The key of the bucket may not list it: the files of erasures are not found"
            if not files:
                raise CommandError(
                    f"{said}: let it list the bucket, or name what list_erasures wrote."
                ) from None
            self.stderr.write(f"{said}; what you named is.")
            return []


def _listed_in(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a list. Raises OSError and ValueError for what is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [reapplying.read_row(line) for line in lines]
    except ValueError:
        raise ValueError(
            f"{path} is no list of erasures, which list_erasures or backup writes"
        ) from None


def _lines_of(name: str) -> Iterator[str]:
    """Yield the lines of a log, in which others may have written, too. Raises OSError."""
    where = sys.stdin.fileno() if name == "-" else name
    with open(where, encoding="utf-8", errors="replace", closefd=name != "-") as log:
        yield from log
