"""`manage.py reapply_erasures`: run it after each restore of a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from core import clock
from core.stores import NotListed
from personal_data import reapplying


class Command(BaseCommand):
    help = (
        "Erase again what was erased after the backup that was restored: by the small files beside "
        "the uploads, and by the files that list_erasures wrote. Nobody is told a second time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", help="What list_erasures wrote.")
        parser.add_argument(
            "--by", default="", help="Username to record where the database lacks who decided."
        )

    def handle(self, *, files: list[str], by: str, **_options: Any) -> None:
        try:
            person = User.objects.get(username=by) if by else None
            listed = [one for file in files for one in _listed_in(Path(file))]
        except User.DoesNotExist:
            raise CommandError(f"Nobody here is called {by}.") from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(f"{error}.") from None
        unread: list[str] = []
        both = {one["request"]: one for one in [*listed, *self._kept(files, unread)]}
        try:
            done = reapplying.reapply(both.values(), by=person, at=clock.portal_now())
        except ValueError as error:
            raise CommandError(f"{error}: say who it is to be with --by USERNAME.") from None
        self.stdout.write(
            f"Erased again: {done.again}. Erased already: {done.already}. "
            f"Not in this database: {done.unknown}."
        )
        if unread:
            raise CommandError(
                f"Damaged, so that what they say is not erased again: {', '.join(unread)}. Delete "
                "them, and name what list_erasures wrote."
            )

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
    """Return the erasures of a list. Raises OSError and ValueError for what is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [reapplying.read_tombstone(line) for line in lines]
    except ValueError:
        raise ValueError(
            f"{path} is no list of erasures, which list_erasures or backup writes"
        ) from None
