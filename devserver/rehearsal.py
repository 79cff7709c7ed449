"""The rehearsal's clock from one run to the next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import moved_clock

# A day before the first call closes, at ten in the morning, UK time.
DEFAULT_FROM = datetime.fromisoformat("2019-07-23T10:00+01:00")
NOTED_EVERY = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class RehearsalClock:
    """Stood at `start` when the real clock stood at `started_at`, and ticks on from there."""

    start: datetime
    started_at: datetime

    def at(self, wall_now: datetime) -> datetime:
        return self.start + (wall_now - self.started_at)

    def environment(self) -> dict[str, str]:
        return {
            "REHEARSE_FROM": self.start.isoformat(),
            "REHEARSE_STARTED_AT": self.started_at.isoformat(),
        }


class NotedClock:
    """The rehearsal's time, noted in a file, so that no run starts before the last one ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._moved = path.with_name(moved_clock.NAME)
        self._next_note = datetime.min.replace(tzinfo=UTC)

    def begin(self, chosen: datetime | None, *, wall_now: datetime) -> RehearsalClock:
        """A clock from the chosen moment, else from where the last run stopped, else the usual."""
        self._moved.unlink(missing_ok=True)
        return RehearsalClock(start=chosen or self._noted() or DEFAULT_FROM, started_at=wall_now)

    def note_if_due(self, clock: RehearsalClock, *, wall_now: datetime) -> None:
        """Note how far the clock may get before the next note: a killed run cannot note its end."""
        if wall_now >= self._next_note:
            self._next_note = wall_now + NOTED_EVERY
            self._write(self._shown(clock, wall_now) + 2 * NOTED_EVERY)

    def note_end(self, clock: RehearsalClock, *, wall_now: datetime) -> None:
        self._write(self._shown(clock, wall_now))

    def _shown(self, clock: RehearsalClock, wall_now: datetime) -> datetime:
        """The clock as the portal shows it, which `manage.py rehearse` may have moved."""
        return clock.at(wall_now) + moved_clock.read_move(self._moved)

    def _noted(self) -> datetime | None:
        try:
            moment = datetime.fromisoformat(self._path.read_text().strip())
        except (FileNotFoundError, ValueError):
            return None
        return moment if moment.tzinfo is not None else None

    def _write(self, moment: datetime) -> None:
        unfinished = self._path.with_suffix(".unfinished")
        unfinished.write_text(moment.isoformat() + "\n")
        unfinished.replace(self._path)
