"""Real slow sockets against a real gunicorn of one process with four threads."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from evidence_portal.patient_worker import (
    BODY_WITHIN,
    HEAD_WITHIN,
    LARGEST_BODY,
    SILENT_FOR,
    SLOWEST,
    Incoming,
    Refused,
)

SLOW = 20
COMMAND = [sys.executable, "-m", "gunicorn", "--config", os.devnull, "--workers", "1"]
WORKER = "evidence_portal.patient_worker.PatientWorker"
APP = "tests.settings.echo_app:application"


@pytest.fixture(scope="module")
def port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        free = listening.getsockname()[1]
    gunicorn = subprocess.Popen(
        [*COMMAND, "--threads", "4", "--bind", f"127.0.0.1:{free}", "-k", WORKER, APP],
        env=os.environ,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                connect(free).close()
                break
            except OSError:
                time.sleep(0.1)
        yield free
    finally:
        gunicorn.terminate()
        gunicorn.wait(20)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    connection.request("GET", "/page")
    answer = connection.getresponse().read()
    connection.close()
    return answer, time.monotonic() - began


def answer_of(sock):
    with http.client.HTTPResponse(sock) as response:
        response.begin()
        return response.status, response.read()


@pytest.mark.parametrize(
    "sent", [b"", b"POST /", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"]
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
    incoming.add(b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", at=1.0)
    incoming.add(b"a", at=BODY_WITHIN)
    assert incoming.is_overdue(BODY_WITHIN + 0.1)
    incoming.add(b"a" * SLOWEST * 100, at=BODY_WITHIN + 1)
    assert not incoming.is_overdue(BODY_WITHIN + 1)


def test_head_without_an_end_is_refused(incoming):
    with pytest.raises(Refused, match="431"):
        incoming.add(b"x" * 70_000, at=1.0)
