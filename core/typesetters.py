"""Many PDFs, or a large one, without the memory that Typst keeps: it is that of other processes.

Typst holds a layout of about 4 kB a word, which a process does not give back. One document per
compilation: several in one would save a quarter of the time, and a tagged PDF cannot be cut apart
without its tags.
"""

import json
import os
import subprocess  # nosec B404 - of the portal's own program
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any, BinaryIO, Self, cast

from core.typesetting_process import FAILED, receive, send

ROOT = Path(__file__).parent.parent
PROGRAM = [sys.executable, "-m", "core.typesetting_process"]
MOST = 2  # processes; each takes 100 MB, and more for one large document
LOOK = 0.5  # seconds


class TypesettingFailed(RuntimeError):
    """Typst could not make the PDF, or its process ended."""


class Typesetters:
    """Processes that typeset one template, as long as the `with` block lasts.

    `meanwhile` is called about twice a second while somebody waits for a PDF, and may raise.
    """

    def __init__(
        self, template: str, *, number: int, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        self._template = template
        self._number = number
        self._meanwhile = meanwhile
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for _ in range(self._number):
            self._start()
        return self

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # nosec B603 - no part of it is input
            PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={}
        )
        self._processes.append(process)
        return process

    def __exit__(self, *_raised: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.communicate()

    def pdfs(
        self, documents: Iterable[Any], *, seconds: int
    ) -> Iterator[bytes | TypesettingFailed]:
        """Yield the PDF of each document's data, in their order, dated `seconds` since 1970.

        In the place of one that cannot be made it yields why, and goes on: another process begins
        where one ended. While one PDF is being read here, the next are made.
        """
        idle = deque(self._processes)
        busy: deque[subprocess.Popen[bytes]] = deque()
        for data in documents:
            if not idle:
                yield self._take(busy, idle)
            process = idle.popleft()
            request = {"template": self._template, "data": data, "seconds": seconds}
            with suppress(BrokenPipeError):  # it ended, and gives no answer
                send(cast(BinaryIO, process.stdin), json.dumps(request).encode())
            busy.append(process)
        while busy:
            yield self._take(busy, idle)

    def _take(
        self, busy: deque[subprocess.Popen[bytes]], idle: deque[subprocess.Popen[bytes]]
    ) -> bytes | TypesettingFailed:
        process = busy.popleft()
        pipe = cast(BinaryIO, process.stdout)
        # What is in Python's own buffer, `select` does not see: each answer is read to its end, and
        # the next comes only after another request.
        while not select([pipe], [], [], LOOK)[0]:
            self._meanwhile()
        answer = receive(pipe)
        if answer is None:
            process.kill()
            process.communicate()
            self._processes.remove(process)
            idle.append(self._start())
            return TypesettingFailed("its process ended")
        idle.append(process)
        if answer[:1] == FAILED:
            return TypesettingFailed(answer[1:].decode())
        return answer[1:]


def processes_for(documents: int) -> int:
    return max(1, min(MOST, os.cpu_count() or 1, documents))
