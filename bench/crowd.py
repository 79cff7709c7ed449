"""People outside the portal, each with a draft that is ready, who press Submit over HTTP."""

import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode

ROOT = Path(__file__).parent.parent
CSRF = "c" * 32
PATIENCE = 60.0  # seconds that somebody waits for an answer


@dataclass(frozen=True)
class Person:
    """`own` are words that only this person's draft holds, `etag` the draft etag of all of it."""

    session: str
    own: str
    address: str
    etag: str


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 for nothing at all. All moments are by time.time().

    The last byte of the request went into the kernel between `sent_from` and `sent_by`.
    """

    status: int
    location: str
    pressed_at: float
    sent_from: float
    sent_by: float
    answered_at: float

    @property
    def seconds(self) -> float:
        return self.answered_at - self.pressed_at

    @property
    def received(self) -> bool:
        """Whether the person was told that the response was received."""
        return self.status == 302 and self.location.endswith("/response/submitted/")


@dataclass
class _Asked:
    """A request that was never sent has its moments at the end of time."""

    status: int = 0
    location: str = ""
    text: str = ""
    sent_from: float = math.inf
    sent_by: float = math.inf


def people_with_drafts(
    environment: Mapping[str, str], slug: str, count: int, *, short: bool = False
) -> list[Person]:
    """Return people whose drafts were written into the portal of `environment`."""
    command = [sys.executable, "-m", "bench.ready_drafts", "--slug", slug, "--count", str(count)]
    done = subprocess.run(
        [*command, "--short"] if short else command,
        env=dict(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Person(**json.loads(line)) for line in done.stdout.splitlines()]


class Site:
    """The portal's address on this machine and the call that people respond to."""

    def __init__(self, port: int, slug: str) -> None:
        self._port = port
        self._response = f"/calls/{quote(slug)}/response"

    def press_submit(self, person: Person) -> Answer:
        pressed_at = time.time()
        body = urlencode({"csrfmiddlewaretoken": CSRF, "_expected_etag": person.etag})
        asked = self._ask("POST", f"{self._response}/check/", person, body)
        return Answer(
            asked.status,
            asked.location,
            pressed_at,
            asked.sent_from,
            asked.sent_by,
            answered_at=time.time(),
        )

    def own_text(self, person: Person) -> str:
        """Return the response's text as its author downloads it, "" if it is not to be had."""
        asked = self._ask("GET", f"{self._response}/text/", person)
        return asked.text if asked.status == 200 else ""

    def _ask(self, method: str, path: str, person: Person, body: str = "") -> _Asked:
        asked = _Asked()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        headers = {"Cookie": f"session={person.session}; csrf={CSRF}"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.connect()
            asked.sent_from = time.time()
            connection.request(method, path, body or None, headers)
            asked.sent_by = time.time()
            response = connection.getresponse()
            asked.text = response.read().decode(errors="replace")
            asked.status = response.status
            asked.location = response.headers.get("Location", "")
        except (OSError, HTTPException):
            asked.status = 0
        finally:
            connection.close()
        return asked
