"""Child processes that end when the process that started them ends."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

END_WITH_PARENT = Path(__file__).with_name("end_with_parent.py")
PR_SET_PDEATHSIG = 1
GIVES_WAY = 5  # niceness: a third of the processor that others get who want all of it
KERNEL_ENDS_ORPHANS = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)


def engine_account() -> pwd.struct_passwd | None:
    """Return the account that the engines run as: `nobody` for root, which PostgreSQL refuses.

    None stands for our own account.
    """
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


class Child:
    """A child process in its own session, so that Ctrl-C in a terminal reaches the parent only."""

    def __init__(self, process: subprocess.Popen[bytes], parent_pipe: int | None) -> None:
        self.process = process
        self._parent_pipe = parent_pipe
        self._stop_sent = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        return self.process.poll()

    def give_way(self) -> None:
        """Have the child, and what it starts, wait while others want the processor."""
        with contextlib.suppress(ProcessLookupError):
            # Only root makes a process less nice than whoever started it.
            if os.getpriority(os.PRIO_PROCESS, self.pid) < GIVES_WAY:
                os.setpriority(os.PRIO_PROCESS, self.pid, GIVES_WAY)
        # Where Linux groups processes by session, niceness counts among those of one session only.
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.pid}/autogroup").write_text(str(GIVES_WAY))

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def ask_to_stop(self, number: int) -> None:
        """Send the signal once: some programs take a second one for "stop at once"."""
        if not self._stop_sent:
            self._stop_sent = True
            self.send(number)

    def stop(self, number: int, *, patience: float) -> None:
        """Ask, wait `patience` seconds, then kill every process of its session that is left."""
        self.ask_to_stop(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.kill()

    def kill(self) -> None:
        if self.process.returncode is None and self._parent_pipe is not None:
            # Killing end_with_parent.py would orphan its command. It kills it when the pipe closes.
            self._close_parent_pipe()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close_parent_pipe()

    def _close_parent_pipe(self) -> None:
        if self._parent_pipe is not None:
            os.close(self._parent_pipe)
            self._parent_pipe = None


def start(
    command: Sequence[str],
    *,
    death_signal: int,
    env: Mapping[str, str],
    cwd: Path,
    log: IO[bytes] | int,
    account: pwd.struct_passwd | None = None,
    keep_open: Sequence[int] = (),
) -> Child:
    """Start a child that gets `death_signal` when this process ends in any way, even by SIGKILL.

    Call it from a thread that runs as long as the child may: Linux ties the signal to the thread
    that forked, not to the process (PR_SET_PDEATHSIG). Systems without it get the same from
    end_with_parent.py, which runs the command and stops it when the pipe to us closes.
    """
    parent_pipe: int | None = None
    child_end: int | None = None
    inherited = list(keep_open)
    before_exec: Callable[[], None] | None = None
    if not KERNEL_ENDS_ORPHANS:
        child_end, parent_pipe = os.pipe()
        inherited.append(child_end)
        command = [
            sys.executable,
            "-I",
            str(END_WITH_PARENT),
            str(child_end),
            str(death_signal),
            *command,
        ]
        if account is not None:
            # end_with_parent.py runs as us, so that its file can be read, and its command does not.
            command[5:5] = ["--as", f"{account.pw_uid}:{account.pw_gid}"]
    else:
        before_exec = _end_with_parent(os.getpid(), death_signal)
    try:
        process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=inherited,
            preexec_fn=before_exec,
            **_run_as(account if parent_pipe is None else None),
        )
    except BaseException:
        if parent_pipe is not None:
            os.close(parent_pipe)
        raise
    finally:
        if child_end is not None:
            os.close(child_end)
    return Child(process, parent_pipe)


def run_to_completion(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, account: pwd.struct_passwd | None
) -> tuple[int, str]:
    """Run a command that ends by itself; return its exit code and its output."""
    with subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent(os.getpid(), signal.SIGTERM) if KERNEL_ENDS_ORPHANS else None,
        **_run_as(account),
    ) as process:
        try:
            output = process.communicate()[0]
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output.decode(errors="replace")


def wait_until(ready: Callable[[], bool], *, seconds: float, pause: float = 0.01) -> bool:
    """Call `ready` every `pause` seconds until it is true; return False if `seconds` pass first."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def _run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _end_with_parent(parent: int, number: int) -> Callable[[], None]:
    """Return what the child does between fork and exec: ask for a signal when its parent ends.

    It runs after the change of user, which would clear the request. If the parent ended between
    fork and prctl no signal comes any more, but then the child has another parent.
    """

    def before_exec() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
