"""When a request had arrived, asked of the kernel behind the web server that we run."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from django.http import HttpRequest

from core import arrival, clock

ROOT = Path(__file__).parents[2]
THREADS = 4  # as gunicorn.conf.py says
BUSY = 1.0  # seconds
KERNEL_TELLS = sys.platform == "linux"
NO_DATABASE = "postgresql://nobody@127.0.0.1:9/nothing"


@pytest.fixture(scope="module")
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "tests.core.telling:application"),
                *("--config", str(ROOT / "gunicorn.conf.py")),
                *("--bind", f"fd://{listener.fileno()}"),
            ],
            # It needs no database, and would refuse one without the portal's tables.
            env=os.environ | {"WEB_CONCURRENCY": "1", "DATABASE_URL": NO_DATABASE},
            cwd=ROOT,
            pass_fds=[listener.fileno()],
        )
        try:
            # The first answer comes when the server runs.
            assert len(told(listener.getsockname()[1])) == 2
            yield listener.getsockname()[1]
        finally:
            server.terminate()
            server.wait(30)


def told(port, *, seconds=0, headers=None):
    """Ask; return when the request had arrived (time.time()) and for how long it had waited."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", f"/?{seconds}", b"words", headers or {})
        return tuple(map(float, connection.getresponse().read().split()))
    finally:
        connection.close()


@contextmanager
def every_thread_busy(port):
    """The server's threads are at work for BUSY seconds, and have been for a moment."""
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [threads.submit(told, port, seconds=BUSY) for _ in range(THREADS)]
        time.sleep(BUSY / 4)
        yield
        for one in asked:
            one.result()


def test_wait_for_a_busy_web_server_is_known(port):
    with every_thread_busy(port):
        before = time.time()
        arrived, waited = told(port)
    assert (waited > BUSY / 2, arrived < before + BUSY / 4) == (KERNEL_TELLS, KERNEL_TELLS)
    assert before <= arrived


def test_time_that_a_client_takes_to_send_its_body_is_not_counted(port):
    with socket.create_connection(("127.0.0.1", port)) as client, every_thread_busy(port):
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwor")
        time.sleep(BUSY * 1.5)
        before = time.time()
        client.sendall(b"ds")
        answer = HTTPResponse(client)
        answer.begin()
        arrived, waited = map(float, answer.read().split())
    assert before <= arrived
    assert waited < BUSY / 4


def test_second_request_on_a_connection_has_its_own_moment(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    moments = []
    for _ in range(2):
        before = time.time()
        connection.request("POST", "/", b"words")
        arrived, _ = map(float, connection.getresponse().read().split())
        moments.append(arrived - before)
        time.sleep(BUSY / 4)
    connection.close()
    assert all(0 <= moment < BUSY / 8 for moment in moments), moments


def test_header_makes_no_request_earlier(port):
    _, waited = told(port, headers={"gunicorn.socket": "1", "Gunicorn-Socket": "1"})
    assert waited < BUSY / 4


@contextmanager
def pair(family, address):
    with socket.socket(family) as listener, socket.socket(family) as client:
        listener.bind(address)
        listener.listen()
        client.connect(listener.getsockname())
        ours, _ = listener.accept()
        with ours:
            yield client, ours


def test_data_counts_from_its_arrival_and_never_too_early():
    with pair(socket.AF_INET, ("127.0.0.1", 0)) as (client, ours):
        sent = time.monotonic()
        client.sendall(b"x")
        time.sleep(0.1)
        since = arrival.time_since({arrival.CONNECTION: ours}).total_seconds()
        assert (since >= 0.07) == KERNEL_TELLS
        assert since <= time.monotonic() - sent
        client.sendall(b"y")
        assert arrival.time_since({arrival.CONNECTION: ours}) < timedelta(seconds=0.07)


def test_nobody_waits_where_the_kernel_cannot_be_asked(tmp_path, monkeypatch):
    nothing = timedelta(0)
    assert arrival.time_since({}) == nothing
    with socket.socket() as closed:
        pass
    assert arrival.time_since({arrival.CONNECTION: closed}) == nothing
    with pair(socket.AF_UNIX, str(tmp_path / "socket")) as (_, ours):
        assert arrival.time_since({arrival.CONNECTION: ours}) == nothing
    with pair(socket.AF_INET, ("127.0.0.1", 0)) as (client, ours):
        client.sendall(b"x")
        time.sleep(0.05)
        monkeypatch.setattr(sys, "platform", "darwin")
        assert arrival.time_since({arrival.CONNECTION: ours}) == nothing


def test_no_wait_counts_for_more_than_two_minutes(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(socket, "TCP_INFO", 11, raising=False)

    class Old:
        def getsockopt(self, *_asked):
            return arrival.LAST_DATA_RECEIVED.pack(2**32 - 1)

    assert arrival.time_since({arrival.CONNECTION: Old()}) == timedelta(minutes=2)


def test_reading_how_far_the_rehearsal_is_moved_makes_no_request_later(settings, monkeypatch):
    settings.REHEARSAL = True
    settings.REHEARSAL_OFFSET, move = timedelta(days=-2000), timedelta(hours=3)
    asked = []

    def slowly(_path):
        time.sleep(0.05)
        return move

    def since(_environ):
        asked.append(clock.wall_now())
        return timedelta(0)

    monkeypatch.setattr(clock, "read_move", slowly)
    monkeypatch.setattr(arrival, "time_since", since)
    later = arrival.received(HttpRequest()) - settings.REHEARSAL_OFFSET - move - asked[0]
    assert timedelta(0) <= later < timedelta(seconds=0.04)
