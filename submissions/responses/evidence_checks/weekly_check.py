"""Checks all evidence against its digests, and keeps what was found."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core import spoken_time
from core.spoken_numbers import say_count
from submissions.responses.evidence_checks import record
from submissions.responses.evidence_checks.files import FileChecks
from submissions.responses.evidence_checks.versions import VersionChecks
from submissions.responses.models import EvidenceCheck

LINES_KEPT = 100
# So that a check at the same time of a week later is due, however long the last one took.
DUE_AFTER = timedelta(days=6, hours=12)
LATE_AFTER = timedelta(days=9)


def check_evidence(*, wall_now: datetime) -> tuple[EvidenceCheck, list[str]]:
    """Check every version, every file and the record; return the kept result and all problems.

    Nothing is changed. Each problem is a line with a reference, without names or answers. The
    check reads every byte, so on a large portal it takes minutes.
    """
    versions, files = VersionChecks(), FileChecks()
    problems = list(_all(versions, files, wall_now))
    check = EvidenceCheck.objects.create(
        at=wall_now,
        versions=versions.checked,
        files=files.checked,
        problems=len(problems),
        lines=problems[:LINES_KEPT],
    )
    return check, problems


def _all(versions: VersionChecks, files: FileChecks, wall_now: datetime) -> Iterator[str]:
    yield from versions.problems()
    yield from files.problems(wall_now=wall_now)
    yield from record.problems()


def last_check() -> EvidenceCheck | None:
    return EvidenceCheck.objects.first()


def is_due(*, wall_now: datetime) -> bool:
    """Return whether there was no check within the week, nor one by a clock that was ahead."""
    check = last_check()
    return check is None or not timedelta(0) <= wall_now - check.at < DUE_AFTER


def overdue_in_words(check: EvidenceCheck, *, wall_now: datetime) -> str:
    """Return for instance "not checked since 24 July 2019"; "" where the weekly check ran."""
    if wall_now - check.at < LATE_AFTER:
        return ""
    return f"not checked since {spoken_time.say_day(check.at)}"


def in_words(check: EvidenceCheck) -> str:
    """Return for instance "24 July 2019: 2 problems in 500 versions and 80 files"."""
    day = spoken_time.say_day(check.at)
    return f"{day}: {say_count(check.problems, 'problem')} in {_looked_at(check)}"


def checked_in_words(check: EvidenceCheck) -> str:
    """Return for instance "500 versions and 80 files checked"."""
    return f"{_looked_at(check)} checked"


def _looked_at(check: EvidenceCheck) -> str:
    return f"{say_count(check.versions, 'version')} and {say_count(check.files, 'file')}"
