"""What became of the last backup and the last drill, in small files beside the uploads.

The process that backs up may run elsewhere, and web servers see no folder of backups; the storage
of uploads is what all share. It overwrites nothing, so a new report goes under the other of two
names before the old one is deleted.
"""

import json
import logging
from collections.abc import Iterator, Mapping
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
    """A report cannot be read: its writer was killed, found a full disk, or was another account."""


class Kind(StrEnum):
    BACKUP = "backup"
    DRILL = "drill"


NAMES = {kind: (f"{FOLDER}/{kind}.json", f"{FOLDER}/{kind}-2.json") for kind in Kind}


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
    kept = dict(_kept(kind))
    whole = {name: one for name, one in kept.items() if one is not None}
    standing = _latest(whole)
    before = whole[standing] if standing else None
    last_good_at = at if is_good else before and before.last_good_at
    report = {
        "at": at.isoformat(),
        "is_good": is_good,
        "said": said,
        "last_good_at": last_good_at and last_good_at.isoformat(),
    }
    storage = private_storage()
    free = next(name for name in NAMES[kind] if name != standing)
    if free in kept:
        storage.delete(free)
    storage.save(free, ContentFile(json.dumps(report).encode()))
    if standing:
        storage.delete(standing)


def of(kind: Kind) -> Report | None:
    """Return the last whole report of that kind; None if there is none yet.

    Raises NotWhole where there are only parts of one, or those that cannot be read.
    """
    kept = dict(_kept(kind)) or dict(_kept(kind))  # one may have gone to the name read first
    whole = {name: one for name, one in kept.items() if one is not None}
    standing = _latest(whole)
    if standing:
        return whole[standing]
    if kept:
        raise NotWhole("this report cannot be read, or only a part of it is there", min(kept))
    return None


def _kept(kind: Kind) -> Iterator[tuple[str, Report | None]]:
    """Yield each name under which a report is, with the report; None where it cannot be read."""
    for name in NAMES[kind]:
        try:
            with private_storage().open(name) as file:
                yield name, _read(file.read())
        except FileNotFoundError:
            continue
        except OSError:
            yield name, None


def _read(content: bytes) -> Report | None:
    try:
        kept = json.loads(content)
    except ValueError:
        return None
    good = kept["last_good_at"]
    return Report(
        at=datetime.fromisoformat(kept["at"]),
        is_good=kept["is_good"],
        said=kept["said"],
        last_good_at=datetime.fromisoformat(good) if good else None,
    )


def _latest(whole: Mapping[str, Report]) -> str:
    return max(whole, key=lambda name: whole[name].at, default="")


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
