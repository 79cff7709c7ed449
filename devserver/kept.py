"""A part of the portal that is kept running: started again when it dies, given up if it cannot."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devserver.children import Child, start
from devserver.errors import CannotStart
from devserver.own_process import OwnProcess

LIVED_LONG = 60.0  # seconds after which a death no longer counts with the ones before it
LONGEST_PAUSE = 15.0  # seconds between two attempts
ATTEMPTS = 5  # deaths in a row before the portal gives up


class Program(OwnProcess):
    """A long-running command, its output in a log file."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: dict[str, str],
        cwd: Path,
        log: Path,
        patience: float,
        death_signal: int,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.log = log
        self._command = list(command)
        self._env = env
        self._cwd = cwd
        self.stops_within = patience
        self._death_signal = death_signal
        self._keep_open = keep_open

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._child = start(
                self._command,
                death_signal=self._death_signal,
                env=self._env,
                cwd=self._cwd,
                log=log,
                keep_open=self._keep_open,
            )


class Kept:
    """Keeps one service running."""

    def __init__(self, name: str, service: OwnProcess, say: Callable[[str], None]) -> None:
        self.name = name
        self.service = service
        self._say = say
        self._deaths = 0
        self._started_at = 0.0
        self._start_at: float | None = None

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._start_at = None
        self.service.start()

    def look_after(self) -> None:
        """Notice a death, and start again when its pause is over; raises CannotStart to give up."""
        now = time.monotonic()
        if self._start_at is None:
            if self.service.running():
                return
            self._died(f"{self.name} ended{_how(self.service.child)}", now)
        elif now >= self._start_at:
            try:
                self.start()
            except CannotStart as error:
                self._died(str(error), now)
            else:
                self._say(f"{self.name} is started again.")

    def _died(self, how: str, now: float) -> None:
        if self.service.child is not None:
            # Whatever it leaves behind would be in the way of the next one.
            self.service.child.kill()
        self._deaths = 1 if now - self._started_at > LIVED_LONG else self._deaths + 1
        if self._deaths >= ATTEMPTS:
            raise CannotStart(
                f"{how}, {self._deaths} times in a row; giving up. "
                f"The end of {self.service.log}: {last_line(self.service.log)}"
            )
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self._deaths - 1))
        self._start_at = now + pause
        self._say(f"{how}. Starting it again in {pause:g} s. Its log: {self.service.log}")


def last_line(log: Path) -> str:
    """The last line of a log; nothing if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _how(child: Child | None) -> str:
    code = None if child is None else child.exit_code()
    if code is None:
        return ""
    return f" with exit code {code}" if code >= 0 else f" by signal {signal.Signals(-code).name}"
