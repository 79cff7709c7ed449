"""Child processes that never outlive the process that started them."""

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

GUARDIAN = Path(__file__).with_name("guardian.py")
PR_SET_PDEATHSIG = 1
KERNEL_ENDS_ORPHANS = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)


def account_for_engines() -> pwd.struct_passwd | None:
    """Whom the engines run as: `nobody` if we are root (which PostgreSQL refuses), else us."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


class Child:
    """One child in a session of its own, so that a terminal's Ctrl-C reaches the supervisor only.

    It is sent `death_signal` when its parent ends in any way, SIGKILL included.
    """

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int | None) -> None:
        self.process = process
        self._lifeline = lifeline
        self._asked = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        return self.process.poll()

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def ask_to_stop(self, number: int) -> None:
        """Send the signal once: to some programs a second one means `at once`."""
        if not self._asked:
            self._asked = True
            self.send(number)

    def stop(self, number: int, *, patience: float) -> None:
        """Ask, wait `patience` seconds, then kill whatever its session still holds."""
        self.ask_to_stop(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.kill()

    def kill(self) -> None:
        if self.process.returncode is None and self._lifeline is not None:
            # Killing the guardian would orphan its command; it kills when its lifeline is cut.
            self._cut_lifeline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._cut_lifeline()

    def _cut_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


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
    """Start a child; call it from a thread that lives as long as the child may.

    Linux ties the parent-death signal to the thread that forked, not to the process. Elsewhere
    a small process of ours, the guardian, holds the far end of a pipe and ends the command when
    the pipe closes.
    """
    lifeline: int | None = None
    inherited = list(keep_open)
    far_end: int | None = None
    before_exec: Callable[[], None] | None = None
    if not KERNEL_ENDS_ORPHANS:
        far_end, lifeline = os.pipe()
        inherited.append(far_end)
        command = [sys.executable, "-I", str(GUARDIAN), str(far_end), str(death_signal), *command]
        if account is not None:
            # The guardian keeps our rights, so that it can be read; it lowers the command's.
            command[5:5] = ["--as", f"{account.pw_uid}:{account.pw_gid}"]
    else:
        before_exec = _die_with(os.getpid(), death_signal)
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
            **_lowered_to(account if lifeline is None else None),
        )
    except BaseException:
        if lifeline is not None:
            os.close(lifeline)
        raise
    finally:
        if far_end is not None:
            os.close(far_end)
    return Child(process, lifeline)


def run_to_end(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, account: pwd.struct_passwd | None
) -> tuple[int, str]:
    """Run a command that ends by itself; its exit code and everything it said."""
    with subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid(), signal.SIGTERM) if KERNEL_ENDS_ORPHANS else None,
        **_lowered_to(account),
    ) as process:
        try:
            output = process.communicate()[0]
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output.decode(errors="replace")


def wait_until(ready: Callable[[], bool], *, seconds: float, pause: float = 0.01) -> bool:
    """Ask again and again until `ready` says yes; False when the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def _lowered_to(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _die_with(parent: int, number: int) -> Callable[[], None]:
    """What the child does between fork and exec.

    It runs after the change of user, which clears the parent-death signal. A parent that died
    between fork and prctl sends nothing any more: then the child is somebody else's by now.
    """

    def before_exec() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
