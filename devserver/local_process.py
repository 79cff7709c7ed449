"""What an engine and a Program have in common: one process from start to stop."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path

from devserver.children import Child


class LocalProcess(ABC):
    """A subclass's `start` starts the process and sets `_child`."""

    stop_signal: int = signal.SIGTERM
    stops_within: float  # seconds before a stop becomes a kill
    log: Path

    _child: Child | None = None

    @abstractmethod
    def start(self) -> None:
        """Start the process; raises CannotStart."""

    @property
    def child(self) -> Child | None:
        return self._child

    def running(self) -> bool:
        return self._child is not None and self._child.exit_code() is None

    def ask_to_stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop(self.stop_signal)

    def stop(self) -> None:
        """Ask the process to stop, wait `stops_within` seconds, then kill what is left of it."""
        if self._child is not None:
            self._child.stop(self.stop_signal, patience=self.stops_within)
