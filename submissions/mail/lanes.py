"""Lanes to the mail server: each a connection, and a thread that speaks to nothing else."""

from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from submissions.mail.mail_server import MailServer, ServerAway
from submissions.mail.rendering import Rendered
from submissions.outbox.models import OutboxEmail


@dataclass
class Letter:
    """A mail that is written; `fate` is what became of it, None if the server took it."""

    mail: OutboxEmail
    rendered: Rendered
    fate: Exception | None = None


class Lanes:
    """None is open at first. As a context manager, they are all closed at the end.

    Letters come back in no certain order. A lane that finds the server away ends.
    """

    def __init__(self) -> None:
        self.on_the_way = 0
        self.number = 0
        self._threads: list[Thread] = []
        self._out: SimpleQueue[Letter | None] = SimpleQueue()
        self._back: SimpleQueue[Letter] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in self._threads:
            self._out.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def is_one_free(self) -> bool:
        return self.on_the_way < self.number

    def open(self) -> None:
        thread = Thread(target=self._deliver, args=[MailServer()], name="mail", daemon=True)
        thread.start()
        self._threads.append(thread)
        self.number += 1

    def hand_over(self, letter: Letter) -> None:
        self._out.put(letter)
        self.on_the_way += 1

    def await_some(self) -> list[Letter]:
        """Wait until a letter is back, and return it with the others that are."""
        back = [self._back.get()]
        while True:
            try:
                back.append(self._back.get_nowait())
            except Empty:
                self.on_the_way -= len(back)
                self.number -= sum(isinstance(letter.fate, ServerAway) for letter in back)
                return back

    def _deliver(self, server: MailServer) -> None:
        with server:
            while letter := self._out.get():
                try:
                    server.send(letter.rendered.message)
                except Exception as fate:  # noqa: BLE001 - whatever it is, the run judges it
                    letter.fate = fate
                self._back.put(letter)
                if isinstance(letter.fate, ServerAway):
                    return
