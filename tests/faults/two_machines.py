"""A second web server and a second worker beside a portal, and who goes from one to the other."""

import re
import signal
import socket
import sys
import urllib.request
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from devserver.children import start, wait_until

ROOT = Path(__file__).parents[2]
SLUG = "rebalancing-the-relationship"
STARTS_WITHIN = 60.0  # seconds
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class SecondMachine:
    """Its web server and worker. Database, broker and files are those of the first machine."""

    def __init__(self, environment, *, port, logs):
        self.port = port
        self._environment = environment
        self._logs = logs
        self._children = []

    def start(self):
        celery = [sys.executable, "-m", "celery", "-A", "evidence_portal", "worker"]
        for name, command in {
            "web": [
                *(sys.executable, "-m", "evidence_portal.web"),
                *("--bind", f"127.0.0.1:{self.port}"),
            ],
            "worker": [*celery, "--concurrency", "1", "--without-gossip", "--without-mingle"],
        }.items():
            with (self._logs / f"second-{name}.log").open("ab") as log:
                child = start(
                    command,
                    death_signal=signal.SIGKILL,
                    env=self._environment,
                    cwd=ROOT,
                    log=log,
                )
            self._children.append(child)
        assert wait_until(self._answers, seconds=STARTS_WITHIN, pause=0.1)

    def kill(self):
        """As if the power failed."""
        for child in self._children:
            child.kill()
        self._children.clear()

    def _answers(self):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz/")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


class InTurns:
    """Sites that get one request each, as a load balancer has it. It leaves out what is dead."""

    def __init__(self, *sites):
        self.sites = list(sites)
        self._next = 0

    def press_submit(self, person):
        return self._one().press_submit(person)

    def own_text(self, person):
        return self._one().own_text(person)

    def _one(self):
        self._next += 1
        return self.sites[self._next % len(self.sites)]


class Visitor:
    """A browser without pages: it keeps cookies, which go to every port of this machine."""

    def __init__(self):
        self._open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar := CookieJar()), _NoRedirect
        ).open
        self._jar = jar

    def get(self, port, path):
        """Return the status and what came, as bytes."""
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{port}{path}"))[:2]

    def post(self, port, path, fields, *, page="", files=None):
        """Return the status and where it leads. The hidden fields are those of the page."""
        _, page = self.get(port, page or path)
        hidden = dict(HIDDEN.findall(page.decode()))
        given = hidden | fields | {"csrfmiddlewaretoken": self._token()}
        if files:
            data = encode_multipart(BOUNDARY, given | files)
            heads = {"Content-Type": MULTIPART_CONTENT}
        else:
            data = urlencode(given).encode()
            heads = {"Content-Type": "application/x-www-form-urlencoded"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, heads)
        status, _, headers = self._ask(request)
        return status, headers.get("Location", "")

    def _token(self):
        return next((one.value for one in self._jar if one.name == "csrf"), "")

    def _ask(self, request):
        try:
            with self._open(request, timeout=60) as answer:
                return answer.status, answer.read(), answer.headers
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read(), refused.headers


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@contextmanager
def second_machine(environment, *, logs):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    machine = SecondMachine(environment, port=port, logs=logs)
    machine.start()
    try:
        yield machine
    finally:
        machine.kill()
