"""What has one process of its own: an engine, or a Program."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path

from devserver.children import Child


class OwnProcess(ABC):
    """A process from start to stop; a subclass's `start` sets `_child`."""

    stop_signal: int = signal.SIGTERM
    stops_within: float  # seconds before a stop becomes a kill
    log: Path

    _child: Child | None = None

    @abstractmethod
    def start(self) -> None:
        """Start it, and set `_child`."""

    @property
    def child(self) -> Child | None:
        return self._child

    def running(self) -> bool:
        return self._child is not None and self._child.exit_code() is None

    def ask_to_stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop(self.stop_signal)

    def stop(self) -> None:
        """Ask, wait, and kill what is left."""
        if self._child is not None:
            self._child.stop(self.stop_signal, patience=self.stops_within)
