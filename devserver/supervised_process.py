"""Starting a process again when it ends, until it has ended too often."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devserver.children import Child, start
from devserver.errors import CannotStart
from devserver.local_process import LocalProcess

RAN_LONG = 60.0  # seconds after which an end no longer counts with those before it
LONGEST_PAUSE = 15.0  # seconds between two starts
ATTEMPTS = 5  # ends in a row before the portal gives up


class Program(LocalProcess):
    """A command that runs until it is stopped; its output goes to a log file.

    One that `gives_way` waits while others want the processor.
    """

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
        gives_way: bool = False,
    ) -> None:
        self.log = log
        self._command = list(command)
        self._env = env
        self._cwd = cwd
        self.stops_within = patience
        self._death_signal = death_signal
        self._keep_open = keep_open
        self._gives_way = gives_way

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
        if self._gives_way:
            self._child.give_way()


class SupervisedProcess:
    """One process, and what to do when it ends."""

    def __init__(self, name: str, process: LocalProcess, say: Callable[[str], None]) -> None:
        self.name = name
        self.process = process
        self._say = say
        self._ends = 0
        self._started_at = 0.0
        self._start_at: float | None = None

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._start_at = None
        self.process.start()

    def restart_if_ended(self) -> None:
        """If the process has ended, start it again after a pause; raises CannotStart to give up."""
        now = time.monotonic()
        if self._start_at is None:
            if self.process.running():
                return
            self._ended(f"{self.name} ended{_how(self.process.child)}", now)
        elif now >= self._start_at:
            try:
                self.start()
            except CannotStart as error:
                self._ended(str(error), now)
            else:
                self._say(f"{self.name} is started again.")

    def _ended(self, how: str, now: float) -> None:
        if self.process.child is not None:
            # What is left of its session would be in the way of the next start.
            self.process.child.kill()
        self._ends = 1 if now - self._started_at > RAN_LONG else self._ends + 1
        if self._ends >= ATTEMPTS:
            raise CannotStart(
                f"{how}, {self._ends} times in a row; giving up. "
                f"The end of {self.process.log}: {last_line(self.process.log)}"
            )
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self._ends - 1))
        self._start_at = now + pause
        self._say(f"{how}. Starting it again in {pause:g} s. Its log: {self.process.log}")


def last_line(log: Path) -> str:
    """Return the last line of a log, "" if there is none."""
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
