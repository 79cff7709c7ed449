"""People outside the portal, each with a draft that is ready, who press Submit over HTTP."""

import json
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
    """`own` are words that only this person's draft holds, `seen` the mark of all that it holds."""

    session: str
    own: str
    address: str
    seen: str


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 for nothing at all. `pressed_at` by time.time()."""

    status: int
    location: str
    pressed_at: float
    seconds: float

    @property
    def received(self) -> bool:
        """Whether the person was told that the response was received."""
        return self.status == 302 and self.location.endswith("/response/submitted/")


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
        began, pressed_at = time.perf_counter(), time.time()
        body = urlencode({"csrfmiddlewaretoken": CSRF, "_seen": person.seen})
        status, location, _ = self._ask("POST", f"{self._response}/check/", person, body)
        return Answer(status, location, pressed_at, time.perf_counter() - began)

    def own_text(self, person: Person) -> str:
        """Return the response's text as its author downloads it, "" if it is not to be had."""
        status, _, text = self._ask("GET", f"{self._response}/text/", person)
        return text if status == 200 else ""

    def _ask(self, method: str, path: str, person: Person, body: str = "") -> tuple[int, str, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        headers = {"Cookie": f"session={person.session}; csrf={CSRF}"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
            return response.status, response.headers.get("Location", ""), text
        except (OSError, HTTPException):
            return 0, "", ""
        finally:
            connection.close()
