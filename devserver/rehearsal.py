"""The rehearsal's clock, and the file that carries its time from one run to the next."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import moved_clock

# A day before the first call closes, at ten in the morning, UK time.
DEFAULT_FROM = datetime.fromisoformat("2019-07-23T10:00+01:00")
SAVED_EVERY = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class RehearsalClock:
    """A clock that showed `start` when the real clock showed `started_at`, and that runs on."""

    start: datetime
    started_at: datetime

    def at(self, wall_now: datetime) -> datetime:
        return self.start + (wall_now - self.started_at)

    def environment(self) -> dict[str, str]:
        return {
            "REHEARSE_FROM": self.start.isoformat(),
            "REHEARSE_STARTED_AT": self.started_at.isoformat(),
        }


class ClockFile:
    """The rehearsal's time in a file: no run starts at an earlier time than the last one ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._moved = path.with_name(moved_clock.NAME)
        self._next_save = datetime.min.replace(tzinfo=UTC)

    def begin(self, chosen: datetime | None, *, wall_now: datetime) -> RehearsalClock:
        """Return a clock from `chosen`, else from the end of the last run, else DEFAULT_FROM."""
        self._moved.unlink(missing_ok=True)
        return RehearsalClock(start=chosen or self._read() or DEFAULT_FROM, started_at=wall_now)

    def save_if_due(self, clock: RehearsalClock, *, wall_now: datetime) -> None:
        """Write the latest time that this run can show before the next call writes again.

        A run that is killed cannot save its end.
        """
        if wall_now >= self._next_save:
            self._next_save = wall_now + SAVED_EVERY
            self._write(self._shown(clock, wall_now) + 2 * SAVED_EVERY)

    def save_end(self, clock: RehearsalClock, *, wall_now: datetime) -> None:
        self._write(self._shown(clock, wall_now))

    def _shown(self, clock: RehearsalClock, wall_now: datetime) -> datetime:
        """Return the portal's time, which `manage.py rehearse` may have moved."""
        return clock.at(wall_now) + moved_clock.read_move(self._moved)

    def _read(self) -> datetime | None:
        try:
            moment = datetime.fromisoformat(self._path.read_text().strip())
        except (FileNotFoundError, ValueError):
            return None
        return moment if moment.tzinfo is not None else None

    def _write(self, moment: datetime) -> None:
        """Write the time, or leave the one before: a full disk stops no portal."""
        unfinished = self._path.with_suffix(".unfinished")
        with suppress(OSError):
            unfinished.write_text(moment.isoformat() + "\n")
            unfinished.replace(self._path)
