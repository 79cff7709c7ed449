"""Real slow sockets against a real gunicorn of one process with four threads."""

import http.client
import inspect
import logging
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import gunicorn
import pytest
from gunicorn.http import errors as http_errors
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import Unreader
from gunicorn.workers import gthread
from gunicorn.workers.gthread import TConn, ThreadWorker

from evidence_portal.patient_worker import (
    BODY_WITHIN,
    HEAD_WITHIN,
    LARGEST_BODY,
    SILENT_FOR,
    SLOWEST,
    Incoming,
    PatientWorker,
    Refused,
    connections_for,
)

SLOW = 20
COMMAND = [sys.executable, "-m", "gunicorn", "--config", os.devnull, "--workers", "1"]
WORKER = "evidence_portal.patient_worker.PatientWorker"
APP = "tests.settings.echo_app:application"


@contextmanager
def serving(preparing=None):
    """Run the server, after `preparing` in its process; yield its port and its process."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        free = listening.getsockname()[1]
    server = subprocess.Popen(
        [*COMMAND, "--threads", "4", "--bind", f"127.0.0.1:{free}", "-k", WORKER, APP],
        env=os.environ,
        preexec_fn=preparing,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                connect(free).close()
                break
            except OSError:
                time.sleep(0.1)
        yield free, server
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def port():
    with serving() as (port, _server):
        yield port


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def get(port, path="/page"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse().read()
    connection.close()
    return answer, time.monotonic() - began


def answer_of(sock):
    with http.client.HTTPResponse(sock) as response:
        response.begin()
        return response.status, response.read()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
        b"\r\n",
        b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 0000000000000009\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\nContent-Length: 99\r\n\r\n" + b"a" * 9,
    ],
    ids=["nothing", "half-head", "half-body", "line", "lines", "long", "zeros", "huge", "two"],
)
def test_other_pages_answer_beside_slow_senders(port, sent):
    with ExitStack() as stack:
        for _ in range(SLOW):
            stack.enter_context(connect(port)).sendall(sent)
        time.sleep(0.3)
        for _ in range(5):
            answer, seconds = get(port)
            assert answer == b"/page 0 0"
            assert seconds < 3


def test_process_outlives_more_senders_than_it_may_have_files():
    def let_few_files_be_open():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    with serving(let_few_files_be_open) as (port, _server):
        process, _ = get(port, "/process")
        with ExitStack() as stack:
            for _ in range(300):
                sender = stack.enter_context(connect(port))
                sender.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab")
            time.sleep(0.5)
        assert get(port, "/process")[0] == process


@pytest.mark.parametrize(
    ("soft", "hard", "most", "raised"),
    [
        (1024, 20_000, 1000, 2200),
        (1024, resource.RLIM_INFINITY, 1000, 2200),
        (1024, 1200, 500, 1200),
        (100, 100, 1, 100),
        (20_000, 20_000, 1000, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 1000, None),
    ],
)
def test_connections_are_as_many_as_there_may_be_files_for(monkeypatch, soft, hard, most, raised):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limit: limits.append(limit))
    assert connections_for(1000) == most
    assert limits == ([] if raised is None else [(raised, hard)])


def test_pages_answer_while_passwords_wait_for_each_other(port):
    """The page answers with how many of its kind were at work with it, after a while."""
    head = b"POST /account/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    with ExitStack() as stack:
        senders = [stack.enter_context(connect(port)) for _ in range(12)]
        for sender in senders:
            sender.sendall(head)
        time.sleep(0.1)
        for _ in range(5):
            answer, seconds = get(port)
            assert answer == b"/page 0 0"
            assert seconds < 0.5
        assert {answer_of(sender) for sender in senders} == {(200, b"1 at once")}


@pytest.mark.parametrize(
    ("line", "hashes"),
    [
        (b"POST /steering/sign-in/ HTTP/1.1", True),
        (b"POST /admin/login/?next=/admin/ HTTP/1.1", True),
        (b"POST /account/password/ HTTP/1.1", True),
        (b"POST /%61ccount/password/ HTTP/1.1", True),
        (b"POST http://x/admin/login/ HTTP/1.1", True),
        (b"POST /calls/?next=/account/ HTTP/1.1", False),
        (b"GET /account/password/ HTTP/1.1", False),
        (b"POST /calls/a-call/response/check/ HTTP/1.1", False),
    ],
)
def test_request_that_may_hash_a_password_is_told_by_its_first_line(incoming, line, hashes):
    incoming.add(line + b"\r\nContent-Length: 2\r\n\r\nab", at=0.0)
    assert incoming.hashes_password is hashes


def test_answer_that_nobody_takes_is_given_up(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr("evidence_portal.patient_worker.TAKEN_WITHIN", 0.2)
    monkeypatch.setattr(
        ThreadWorker, "handle_request", lambda _self, _req, conn: conn.sock.sendall(b"x" * 10**7)
    )
    worker = PatientWorker.__new__(PatientWorker)
    worker.log = logging.getLogger("test")
    conn = SimpleNamespace(sock=ours)
    with ours, theirs:
        began = time.monotonic()
        assert worker.handle_request(None, conn) is False
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (http_errors.InvalidRequestLine("GET /secret HTTP/x"), b"400"),
        (http_errors.LimitRequestLine(5_000, 4_094), b"414"),
        (http_errors.LimitRequestHeaders("secret"), b"431"),
        (http_errors.InvalidResponseHeader("secret"), b"500"),
        (ValueError("secret"), b"500"),
    ],
)
def test_log_says_of_a_request_neither_what_it_asked_nor_who_sent_it(caplog, error, status):
    ours, theirs = socket.socketpair()
    worker = PatientWorker.__new__(PatientWorker)
    worker.log = logging.getLogger("test")
    request = SimpleNamespace(method="GET", uri="/admin/?q=secret")
    with ours, theirs:
        worker.handle_error(request, ours, ("192.0.2.7", 1), error)
        answer = theirs.recv(1024)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"secret" not in answer
    assert [said for said in caplog.messages if "secret" in said or "192.0.2.7" in said] == []
    assert len(caplog.messages) == 1


def test_worker_stops_beside_clients_that_say_nothing():
    with serving() as (port, server), ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(port))
        get(port)
        began = time.monotonic()
        server.terminate()
        assert server.wait(20) == 0
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("free", "total", "begun", "status"),
    [
        (640, 100_000, 0, ""),
        (639, 100_000, 0, "503 Service Unavailable"),
        (767, 100_000, 1, "503 Service Unavailable"),
        (256, 512, 0, ""),
        (255, 512, 0, "503 Service Unavailable"),
    ],
)
def test_bodies_find_room_or_are_refused(monkeypatch, free, total, begun, status):
    mb = 1024 * 1024
    disk = SimpleNamespace(free=free * mb, total=total * mb)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: disk)
    refusals = []
    worker = PatientWorker.__new__(PatientWorker)
    monkeypatch.setattr(worker, "_drop", lambda _conn, status: refusals.append(status))
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY - 46)
    assert len(head) == 46
    worker._incoming = {number: Incoming(None, at=0.0) for number in range(begun + 1)}
    for conn, incoming in worker._incoming.items():
        worker._take(conn, incoming, head)
        incoming.close()
    assert refusals == [status] * bool(status)


def test_slow_body_is_answered_once_it_is_whole(port):
    with connect(port) as slow:
        slow.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        for letter in b"hello":
            time.sleep(0.1)
            slow.sendall(bytes([letter]))
        assert answer_of(slow) == (200, b"/slow 5 %d" % sum(b"hello"))


def test_large_body_arrives_whole(port):
    body = bytes(range(256)) * 4096 * 3
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(2):
        connection.request("POST", "/large", body)
        answer = b"/large %d %d" % (len(body), sum(body))
        assert connection.getresponse().read() == answer
    connection.close()


def test_requests_one_after_another_on_a_connection_are_answered_in_order(port):
    with connect(port) as one:
        one.sendall(
            b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
            b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        said = b""
        while b"/b 0 0" not in said and (part := one.recv(4096)):
            said += part
        assert said.index(b"/a 2 195") < said.index(b"/b 0 0")


def test_client_that_waits_for_a_go_ahead_gets_it(port):
    with connect(port) as one:
        one.sendall(
            b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert one.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"ab")
        assert answer_of(one) == (200, b"/a 2 195")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked", 411),
        (b"Content-Length: %d" % (LARGEST_BODY + 1), 413),
        (b"X: " + b"x" * 70_000, 431),
    ],
    ids=["no-length", "too-large", "endless-head"],
)
def test_request_that_cannot_be_collected_is_refused(port, head, status):
    with connect(port) as one:
        one.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" * (status != 431) + b"\r\n")
        assert answer_of(one)[0] == status


@pytest.fixture
def incoming():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arriving = Incoming(ours, at=0.0)
        yield arriving
        arriving.close()


def test_head_has_a_time_to_come_in(incoming):
    incoming.add(b"GET / HTTP/1.1\r\n", at=1.0)
    assert not incoming.is_overdue(HEAD_WITHIN)
    assert incoming.is_overdue(HEAD_WITHIN + 0.1)


def test_body_may_not_fall_silent(incoming):
    incoming.add(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", at=1.0)
    assert not incoming.is_overdue(1.0 + SILENT_FOR)
    assert incoming.is_overdue(1.0 + SILENT_FOR + 0.1)


def test_body_that_trickles_ends_and_one_that_flows_goes_on(incoming):
    incoming.add(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", at=0.0)
    incoming.add(b"a", at=BODY_WITHIN)
    assert not incoming.is_overdue(BODY_WITHIN)
    assert incoming.is_overdue(BODY_WITHIN + 0.1)
    incoming.add(b"a" * SLOWEST * 60, at=BODY_WITHIN + 1)
    assert not incoming.is_overdue(BODY_WITHIN + 1)


def test_body_that_flowed_at_first_may_not_trickle_later(incoming):
    incoming.add(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", at=0.0)
    incoming.add(b"a" * SLOWEST * 6000, at=1.0)
    incoming.add(b"a", at=BODY_WITHIN + 1)
    for at in range(int(BODY_WITHIN) + 10, 2 * int(BODY_WITHIN) + 2, 10):
        incoming.add(b"a", at=float(at))
    assert not incoming.is_overdue(2 * BODY_WITHIN + 1)
    assert incoming.is_overdue(2 * BODY_WITHIN + 1.1)


def test_thread_never_waits_for_more_than_has_arrived(incoming):
    incoming.add(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", at=0.0)
    incoming.rewind()
    assert [incoming.recv(8192)[-2:], incoming.recv(8192)] == [b"ab", b""]


def test_head_without_an_end_is_refused(incoming):
    with pytest.raises(Refused, match="431"):
        incoming.add(b"x" * 70_000, at=1.0)


def test_gunicorn_is_one_whose_inner_methods_the_worker_knows():
    """Before another version is allowed, read what changed in gthread.py since this one."""
    assert gunicorn.__version__.split(".")[:2] == ["27", "0"]
    signatures = {
        f"{inner.__name__}.{name}": str(inspect.signature(getattr(inner, name)))
        for inner, names in (
            (
                ThreadWorker,
                [
                    "accept",
                    "enqueue_req",
                    "finish_request",
                    "get_thread_pool",
                    "handle",
                    "handle_error",
                    "handle_request",
                    "murder_pending",
                    "_cap_keepalive",
                ],
            ),
            (TConn, ["__init__", "close"]),
            (Unreader, ["take_buffered"]),
            (RequestParser, ["finish_body"]),
        )
        for name in names
    }
    assert signatures == {
        "ThreadWorker.accept": "(self, listener)",
        "ThreadWorker.enqueue_req": "(self, conn)",
        "ThreadWorker.finish_request": "(self, conn, fs)",
        "ThreadWorker.get_thread_pool": "(self)",
        "ThreadWorker.handle": "(self, conn)",
        "ThreadWorker.handle_error": "(self, req, client, addr, exc)",
        "ThreadWorker.handle_request": "(self, req, conn)",
        "ThreadWorker.murder_pending": "(self)",
        "ThreadWorker._cap_keepalive": "(self, deadline)",
        "TConn.__init__": "(self, cfg, sock, client, server)",
        "TConn.close": "(self, graceful=False)",
        "Unreader.take_buffered": "(self)",
        "RequestParser.finish_body": "(self, deadline=None, max_bytes=None)",
    }
    source = inspect.getsource(gthread)
    called = [
        "self.accept)",
        "self.enqueue_req(",
        "self.finish_request,",
        "self.get_thread_pool()",
        "self.handle,",
        "self.handle_error(",
        "self.handle_request(",
        "self.murder_pending()",
    ]
    assert [call for call in [*called, "self._cap_keepalive("] if call not in source] == []
