"""What became of the last backup and the last drill, in two small files beside the uploads.

The process that backs up may run elsewhere, and web servers see no folder of backups; the storage
of uploads is what all share.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.files.base import ContentFile

from core import spoken_time
from core.outages import StoreAway
from submissions.responses.models.attachments import private_storage

logger = logging.getLogger(__name__)
FOLDER = "backup-reports"
DRILL_LATE_AFTER = timedelta(days=9)


class NotWhole(StoreAway):
    """A part of a report is there: the disk was full, or the process that wrote it was killed."""


class Kind(StrEnum):
    BACKUP = "backup"
    DRILL = "drill"


@dataclass(frozen=True)
class Report:
    """How the last one ended, and when the last good one began; real times."""

    at: datetime
    is_good: bool
    said: str
    last_good_at: datetime | None


def write(kind: Kind, *, at: datetime, is_good: bool, said: str) -> None:
    """Keep a report; `said` is one line without names, addresses and answers.

    Where the bucket of files is away, or the disk takes nothing, the log has it.
    """
    try:
        _write(kind, at, is_good, said)
    except StoreAway as error:
        logger.error("%s, not reported (%s: %s): %s", kind, error.host, error, said)
    except OSError as error:
        logger.error("%s, not reported (%s): %s", kind, error.strerror, said)


def _write(kind: Kind, at: datetime, is_good: bool, said: str) -> None:
    try:
        before = of(kind)
    except NotWhole:
        before = None
    last_good_at = at if is_good else before and before.last_good_at
    report = {
        "at": at.isoformat(),
        "is_good": is_good,
        "said": said,
        "last_good_at": last_good_at and last_good_at.isoformat(),
    }
    storage = private_storage()
    storage.delete(_name(kind))
    storage.save(_name(kind), ContentFile(json.dumps(report).encode()))


def of(kind: Kind) -> Report | None:
    """Return the last report of that kind; None if there is none yet. Raises NotWhole."""
    try:
        with private_storage().open(_name(kind)) as file:
            kept = json.loads(file.read())
    except FileNotFoundError:
        return None
    except ValueError:
        raise NotWhole("only a part of this report is there", _name(kind)) from None
    good = kept["last_good_at"]
    return Report(
        at=datetime.fromisoformat(kept["at"]),
        is_good=kept["is_good"],
        said=kept["said"],
        last_good_at=datetime.fromisoformat(good) if good else None,
    )


def problems_in_words(*, wall_now: datetime) -> list[str]:
    """Return what is wrong with backups, a line each; nothing where the portal makes none.

    It makes some where BACKUP_RECIPIENTS is set.
    """
    if not settings.BACKUP_RECIPIENTS:
        return []
    try:
        backup, drill = of(Kind.BACKUP), of(Kind.DRILL)
    except StoreAway as error:
        return [f"what became of backups is not known ({error.host}: {error})"]
    said = []
    if backup is None or backup.last_good_at is None:
        said.append("no backup was made yet")
    elif wall_now - backup.last_good_at > timedelta(hours=settings.BACKUP_STALE_HOURS):
        said.append(f"the last good backup is of {spoken_time.say_day(backup.last_good_at)}")
    if backup and not backup.is_good:
        said.append(f"the last backup failed: {backup.said}")
    if drill and not drill.is_good:
        said.append(f"the last restore to try it failed: {drill.said}")
    elif drill is None and backup and backup.last_good_at:
        said.append("no restore was tried yet: manage.py backup --drill")
    elif drill and wall_now - drill.at > DRILL_LATE_AFTER:
        said.append(f"no restore was tried since {spoken_time.say_day(drill.at)}")
    return said


def _name(kind: Kind) -> str:
    return f"{FOLDER}/{kind}.json"
