"""What became of the last backups and drills, in small files beside the uploads.

The process that backs up may run elsewhere, and web servers see no folder of backups; the storage
of uploads is what all share. Each report is a new file, whose name says the most.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.core.files.base import ContentFile

from core import spoken_time
from submissions.responses.models.attachments import private_storage

FOLDER = "backup-reports"
KEPT = 10  # of a kind
PATTERN = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(backup|drill)-(\d{8}T\d{6}Z)-(good|failed)\.json")
DRILL_LATE_AFTER = timedelta(days=9)


class Kind(StrEnum):
    BACKUP = "backup"
    DRILL = "drill"


@dataclass(frozen=True)
class Report:
    """`at` is real time, in UTC."""

    kind: Kind
    at: datetime
    is_good: bool
    name: str


@dataclass(frozen=True)
class Reports:
    """What is known of one kind: the last one, and the last good one."""

    last: Report | None
    last_good: Report | None


def write(kind: Kind, *, at: datetime, is_good: bool, said: str) -> None:
    """Keep a report; `said` is one line without names, addresses and answers."""
    storage = private_storage()
    result = "good" if is_good else "failed"
    name = f"{FOLDER}/{kind}-{at.astimezone(UTC).strftime(PATTERN)}-{result}.json"
    storage.delete(name)
    storage.save(name, ContentFile(json.dumps({"said": said}).encode()))
    good = [report for report in _all(kind) if report.is_good]
    kept = {report.name for report in [*_all(kind)[-KEPT:], *good[-1:]]}
    for report in _all(kind):
        if report.name not in kept:
            storage.delete(f"{FOLDER}/{report.name}")


def of(kind: Kind) -> Reports:
    found = _all(kind)
    good = [report for report in found if report.is_good]
    return Reports(found[-1] if found else None, good[-1] if good else None)


def said_by(report: Report) -> str:
    with private_storage().open(f"{FOLDER}/{report.name}") as file:
        return str(json.loads(file.read())["said"])


def problems_in_words(*, wall_now: datetime) -> list[str]:
    """Return what is wrong with backups, a line each; nothing where the portal makes none.

    It makes some where BACKUP_RECIPIENTS is set.
    """
    if not settings.BACKUP_RECIPIENTS:
        return []
    backups, drills = of(Kind.BACKUP), of(Kind.DRILL)
    said = []
    if backups.last_good is None:
        said.append("no backup was made yet")
    elif wall_now - backups.last_good.at > timedelta(hours=settings.BACKUP_STALE_HOURS):
        said.append(f"the last good backup is of {spoken_time.say_day(backups.last_good.at)}")
    if backups.last and not backups.last.is_good:
        said.append(f"the last backup failed: {said_by(backups.last)}")
    if drills.last and not drills.last.is_good:
        said.append(f"the last restore to try it failed: {said_by(drills.last)}")
    elif drills.last and wall_now - drills.last.at > DRILL_LATE_AFTER:
        said.append(f"no restore was tried since {spoken_time.say_day(drills.last.at)}")
    return said


def _all(kind: Kind) -> list[Report]:
    """Return the reports of a kind, the oldest first."""
    try:
        names = private_storage().listdir(FOLDER)[1]
    except FileNotFoundError:
        return []
    found = []
    for name in sorted(names):
        if (match := NAME.fullmatch(name)) and match[1] == kind:
            at = datetime.strptime(match[2], PATTERN).replace(tzinfo=UTC)
            found.append(Report(kind, at, match[3] == "good", name))
    return found
