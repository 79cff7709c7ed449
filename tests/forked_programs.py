"""Programs of exports run in forks of one process each, which has imported what they import.

pandas takes a quarter of a second of a processor in each file for SPSS, and such tests make
hundreds of files to look at what is in them. The programs are those of the portal, each in a
process of its own. A test of the bundle sees that they make the same when the portal starts them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Lock
from types import SimpleNamespace

import pytest

from core import typesetters
from exports.writers import apart, parquet_file, statistics_file, workbook

ROOT = Path(__file__).parents[1]
SERVER = Path(__file__).with_name("forked_server.py")
PROGRAMS = (
    ("-m", statistics_file.PROCESS),
    ("-m", workbook.PROCESS),
    ("-I", str(parquet_file.PROCESS)),
    tuple(typesetters.PROGRAM[1:]),
)


class Server:
    """A process that forks one program; it is started with the first."""

    def __init__(self, arguments):
        self.arguments = arguments
        self._lock = Lock()
        self._process = None

    def ask(self, request, descriptors=()):
        with self._lock:
            if self._process is None:
                self._start()
            socket.send_fds(self._socket, [json.dumps(request).encode()], descriptors)
            return int(self._socket.recv(32))

    def _start(self):
        self._socket, theirs = socket.socketpair()
        how = "-I" if self.arguments[0] == "-I" else "-P"  # without this folder on its path
        with closing(theirs):
            self._process = subprocess.Popen(
                [sys.executable, how, SERVER],
                stdin=theirs,
                env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
            )

    def end(self):
        if self._process is not None:
            self._socket.close()
            self._process.wait()


class Fork:
    """What the portal uses of `subprocess.Popen`, of a program that was forked."""

    def __init__(self, server, *, cwd, env, stdin=None, stdout=None, stderr=None):
        self._server = server
        self.returncode = None
        self.stdin = self.stdout = None
        given = []
        for place, wanted in enumerate((stdin, stdout, stderr)):
            if wanted == subprocess.PIPE:
                ends = os.pipe()
                ours, theirs = ends[:: -1 if place == 0 else 1]
                if place == 0:
                    self.stdin = os.fdopen(ours, "wb")
                else:
                    self.stdout = os.fdopen(ours, "rb")
                given.append(theirs)
            elif wanted == subprocess.DEVNULL:
                given.append(os.open(os.devnull, os.O_RDWR))
            else:
                given.append(os.dup(place))
        request = {"arguments": server.arguments, "folder": str(cwd), "environment": env}
        self.pid = server.ask(request, given)
        for descriptor in given:
            os.close(descriptor)

    def wait(self):
        if self.returncode is None:
            self.returncode = self._server.ask({"wait": self.pid})
        return self.returncode

    def kill(self):
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def communicate(self):
        for pipe in (self.stdin, self.stdout):
            if pipe is not None:
                pipe.close()
        self.wait()


@pytest.fixture(scope="session")
def forking_servers():
    servers = {arguments: Server(arguments) for arguments in PROGRAMS}
    yield servers
    for server in servers.values():
        server.end()


@pytest.fixture(autouse=True)
def programs_are_forked(monkeypatch, forking_servers):
    def start(command, **how):
        server = forking_servers.get(tuple(command[1:]))
        begin = partial(subprocess.Popen, command) if server is None else partial(Fork, server)
        return begin(**how)

    instead = SimpleNamespace(Popen=start, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(apart, "subprocess", instead)
    monkeypatch.setattr(typesetters, "subprocess", instead)
