"""gunicorn's threaded worker, which gives a request to a thread once all of it has arrived.

As gunicorn has it, a thread waits while a client sends: as many slow clients as there are threads
stop the server. Here the worker's one loop collects every request, its body in a file beyond
IN_MEMORY, and no thread is held by a sender. Who sends too slowly is answered with 408. A client
that does not take its answer holds a thread for TAKEN_WITHIN at most.

The moment at which the last byte arrived is the kernel's (`core.arrival`), so nothing that waits
here makes a response late.
"""

import re
import resource
import selectors
import shutil
import socket
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

from gunicorn import http, util
from gunicorn.workers.gthread import TConn, ThreadWorker

CHUNK = 64 * 1024  # bytes that are read at once
IN_MEMORY = 256 * 1024  # bytes of a request
LONGEST_HEAD = 64 * 1024
LARGEST_BODY = 128 * 1024 * 1024
LONGEST_LENGTH = 12  # digits of a body's length
# What bodies leave free where temporary files are, and there of a small disk.
LEFT_FREE, LEFT_OF_SMALL = 512 * 1024 * 1024, 1 / 4
HEAD_WITHIN = 15.0  # seconds from the first byte, or from connecting
SILENT_FOR = 20.0  # seconds between two parts of a body
# A body may take a minute, and longer if each minute brings this rate: a slow phone's, uploading.
BODY_WITHIN, SLOWEST = 60.0, 8 * 1024  # seconds; bytes a second
TAKEN_WITHIN = 60.0  # seconds for the rest of a piece of an answer
# Open files that connections leave to the pages, the database and the log. Each connection may need
# two: its socket, and the body.
KEPT_FREE = 200

HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# What may hash a password, which takes most of a second: one thread has all of these in turn.
HASHES_PASSWORD = re.compile(
    rb"^POST (?:https?://[^/\s]*)?/(steering/sign-in|admin/login|account)/", re.IGNORECASE
)
CHUNKED = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)
CONTINUES = re.compile(rb"^expect:[ \t]*100-continue", re.IGNORECASE | re.MULTILINE)
UNREADABLE = {
    http.errors.LimitRequestLine: (414, "URI Too Long"),
    http.errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
}
# These are faults of an answer, and yet among the errors of requests.
OF_ANSWERS = (http.errors.InvalidResponseHeader, http.errors.InvalidResponseHeaderName)


def connections_for(most: int) -> int:
    """Return how many connections this process can hold, `most` if it may open enough files.

    Without a file left the process would end, and with it all requests that it holds. It raises its
    limit where it may: ordinary accounts, and many containers, begin with 1,024.
    """
    wanted = 2 * most + KEPT_FREE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(1, (soft - KEPT_FREE) // 2)
    return most


class Refused(Exception):
    """The request is not taken; the argument is the status line's code and words."""


class Incoming:
    """The bytes of one request as they arrive; afterwards read like a socket by gunicorn."""

    def __init__(self, sock: socket.socket, *, at: float) -> None:
        self._sock = sock
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed below
        self._head = b""
        self.hashes_password = False
        self._size = 0
        self._needed: int | None = None  # bytes of head and body; None until the head is there
        self._began = self._heard = at
        self._minute_began, self._size_before = at, 0

    def add(self, data: bytes, *, at: float) -> bool:
        """Take some bytes; return whether the request is complete. Raises Refused."""
        if at > self._minute_began + BODY_WITHIN and not self._is_slow:
            self._minute_began, self._size_before = at, self._size
        self._file.write(data)
        self._size += len(data)
        self._heard = at
        if self._needed is None:
            self._head += data
            self._read_head()
        return self._needed is not None and self._size >= self._needed

    def _read_head(self) -> None:
        end = self._head.find(HEAD_ENDS)
        if end < 0:
            if len(self._head) > LONGEST_HEAD:
                raise Refused("431 Request Header Fields Too Large")
            return
        head = self._head[: end + 2]
        if CHUNKED.search(head):
            raise Refused("411 Length Required")
        lengths = [length.lstrip(b"0") for length in LENGTH.findall(head)]
        if any(len(length) > LONGEST_LENGTH for length in lengths):
            raise Refused("413 Content Too Large")
        body = max((int(length or b"0") for length in lengths), default=0)
        if body > LARGEST_BODY:
            raise Refused("413 Content Too Large")
        self._needed = end + len(HEAD_ENDS) + body
        asked = unquote_to_bytes(head.partition(b"\r\n")[0])
        self.hashes_password = HASHES_PASSWORD.match(asked) is not None
        self._head = b""
        if self._size < self._needed and CONTINUES.search(head):
            self._sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def has_length(self) -> bool:
        """Whether the head is there, which says how much there will be."""
        return self._needed is not None

    @property
    def is_begun(self) -> bool:
        return self._size > 0

    @property
    def to_come(self) -> int:
        """Bytes that the disk is still to take; 0 for a request that stays in memory."""
        if self._needed is None or self._needed <= IN_MEMORY:
            return 0
        return self._needed - (self._size if self._size > IN_MEMORY else 0)

    @property
    def _is_slow(self) -> bool:
        return self._size - self._size_before < BODY_WITHIN * SLOWEST

    def is_overdue(self, now: float) -> bool:
        if self._needed is None:
            return now > self._began + HEAD_WITHIN
        if now > self._heard + SILENT_FOR:
            return True
        return now > self._minute_began + BODY_WITHIN and self._is_slow

    def rewind(self) -> None:
        """From now on `recv` gives what arrived."""
        self._file.seek(0)

    def recv(self, size: int) -> bytes:
        """Return what arrived, then nothing: a thread that asks for more must not wait for it."""
        return self._file.read(size)

    def rest(self) -> bytes:
        """Return what arrived and was not read: the beginning of another request."""
        return self._file.read()

    def close(self) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class PatientWorker(ThreadWorker):
    """Collects requests in its loop; threads only work on whole ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worker_connections = connections_for(self.cfg.worker_connections)
        self._incoming: dict[TConn, Incoming] = {}
        self._looked_at = 0.0

    def accept(self, listener: Any) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        self._collect(conn)

    def _collect(self, conn: TConn, begun: bytes = b"") -> None:
        """Wait for the connection's next request, of which `begun` is there already."""
        conn.sock.setblocking(False)
        now = time.monotonic()
        incoming = self._incoming[conn] = Incoming(conn.sock, at=now)
        conn.timeout = now + (HEAD_WITHIN if conn.parser is None else self.cfg.keepalive)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read_more, conn))
        if begun:
            self._take(conn, incoming, begun)

    def _read_more(self, conn: TConn, _sock: Any) -> None:
        incoming = self._incoming.get(conn)
        if incoming is None:
            return
        try:
            data = conn.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, incoming, data)
        else:
            self._drop(conn)

    def _take(self, conn: TConn, incoming: Incoming, data: bytes) -> None:
        try:
            had_length = incoming.has_length
            complete = incoming.add(data, at=time.monotonic())
            if incoming.to_come and not had_length and not self._has_room():
                raise Refused("503 Service Unavailable")
        except Refused as refused:
            self._drop(conn, str(refused))
        except OSError:
            self.log.exception("A request could not be kept")
            self._drop(conn, "503 Service Unavailable")
        else:
            if complete:
                self._hand_over(conn, incoming)

    def _has_room(self) -> bool:
        """Return whether all bodies that are on their way find room."""
        to_come = sum(incoming.to_come for incoming in self._incoming.values())
        disk = shutil.disk_usage(tempfile.gettempdir())
        return disk.free - to_come >= min(LEFT_FREE, disk.total * LEFT_OF_SMALL)

    def _hand_over(self, conn: TConn, incoming: Incoming) -> None:
        """Give the whole request to a thread."""
        self.poller.unregister(conn.sock)
        del self._incoming[conn]
        incoming.rewind()
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, incoming, conn.client)
            conn.initialized = True
        conn.parser.unreader.sock = incoming
        self.enqueue_req(conn)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Make the threads, and one more for passwords: sign-ins wait for each other in its queue.

        So however many people sign in at once, all threads are there for other pages.
        """
        self._password_thread = ThreadPoolExecutor(max_workers=1)
        threads: ThreadPoolExecutor = super().get_thread_pool()
        return threads

    def enqueue_req(self, conn: TConn) -> None:
        """Give the request to a thread, as gunicorn does, but passwords to theirs."""
        hashes = conn.parser.unreader.sock.hashes_password
        threads = self._password_thread if hashes else self.tpool
        threads.submit(self.handle, conn).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Give up on a client that does not take the answer: the thread is for others."""
        conn.sock.settimeout(TAKEN_WITHIN)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            self.log.info("An answer was not taken in time")
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Refuse what is no request, or say that an answer failed, and log no more than that.

        gunicorn logs who sent it, its address with what was searched for, and lines of its head.
        """
        status, reason = 500, "Internal Server Error"
        if isinstance(exc, http.errors.ParseException) and not isinstance(exc, OF_ANSWERS):
            status, reason = UNREADABLE.get(type(exc), (400, "Bad Request"))
            self.log.warning("A request cannot be read: %s", type(exc).__name__)
        else:
            self.log.error("A request could not be answered", exc_info=exc)
        try:
            util.write_error(client, status, reason, "")
        except OSError:
            self.log.debug("A client went away")

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Wait for the connection's next request, or close it."""
        incoming = conn.parser.unreader.sock
        try:
            keeps = bool(not fs.cancelled() and fs.result())
            if keeps and self.alive:
                begun = conn.parser.unreader.take_buffered() + incoming.rest()
                incoming.close()
                self._collect(conn, begun)
                return
        except Exception:
            self.log.exception("A connection could not be kept")
        incoming.close()
        self.nr_conns -= 1
        # Nothing is unread, so the answer arrives; lingering would stop the loop for two seconds.
        conn.close()

    def murder_pending(self) -> None:
        """Close the connections whose request does not come, or comes too slowly."""
        super().murder_pending()
        now = time.monotonic()
        if now < self._looked_at + 1:
            return
        self._looked_at = now
        for conn, incoming in list(self._incoming.items()):
            if not incoming.is_begun and now > conn.timeout:
                self._drop(conn)
            elif incoming.is_begun and incoming.is_overdue(now):
                self._drop(conn, "408 Request Timeout")

    def _cap_keepalive(self, deadline: float) -> None:
        """Keep connections without a request no longer than to `deadline`: the worker stops."""
        super()._cap_keepalive(deadline)
        for conn, incoming in self._incoming.items():
            if not incoming.is_begun:
                conn.timeout = min(conn.timeout, deadline)

    def _drop(self, conn: TConn, status: str = "") -> None:
        self.poller.unregister(conn.sock)
        self._incoming.pop(conn).close()
        self.nr_conns -= 1
        if status:
            refusal = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            try:
                conn.sock.send(refusal.encode())
            except OSError:
                self.log.debug("A client went away")
        conn.close()
