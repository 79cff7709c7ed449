"""end_with_parent.py FD SIGNAL [--as UID:GID] COMMAND...: end COMMAND when the pipe FD closes.

The pipe's other end belongs to the process that started this one, so it closes when that process
ends. It is for systems whose kernel does not signal a process that its parent has ended. It runs
as a file, by any Python 3, so it imports the standard library only.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from typing import Any

PATIENCE = 10.0  # seconds between the signal and SIGKILL once the pipe has closed


def main(arguments: list[str]) -> int:
    parent_pipe, number, *command = arguments
    account: dict[str, Any] = {}
    if command[0] == "--as":
        uid, gid = command[1].split(":")
        account = {"user": int(uid), "group": int(gid), "extra_groups": []}
        command = command[2:]
    # A signal wakes select() through this pipe, whether it comes before or during the wait.
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    pending: list[int] = []
    for forwarded in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(forwarded, lambda received, _frame: pending.append(received))
    signal.signal(signal.SIGCHLD, lambda _received, _frame: None)
    # The command inherits all files but our own pipes, such as the lock on the data folder.
    os.set_inheritable(int(parent_pipe), False)
    child = subprocess.Popen(command, close_fds=False, process_group=0, **account)
    while child.poll() is None:
        readable = select.select([int(parent_pipe), wake_read], [], [])[0]
        if wake_read in readable:
            os.read(wake_read, 512)
        while pending:
            child.send_signal(pending.pop(0))
        if int(parent_pipe) in readable:
            child.send_signal(int(number))
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
