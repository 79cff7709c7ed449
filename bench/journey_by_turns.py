"""The measuring half of bench.journey, run with the portal's or the floor's settings."""

import http.client
import importlib
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

WORDS = "Subcontracting organisations consistently experienced disproportionate disadvantages. "
ANSWER = (WORDS * 60)[:3000]


def floor(task: str, fields: str = "0") -> object:
    """One turn of the floor: its CPU milliseconds, or its table made."""
    made = importlib.import_module("bench.journey_floor")
    if task == "table":
        return made.make_table()
    return made.turn(fields)


def portal(task: str) -> object:
    """One turn of the portal, or what it needs: the tables, the call, 100,000 drafts."""
    return importlib.import_module("bench.journey_portal").run(task)


class Browser:
    """One respondent's browser: one connection, its cookies and the newest form's token."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.page = ""
        self.requests = 0

    def ask(self, method: str, address: str, body: str | None = None) -> str:
        """Return the address that the answer leads to, or the one that was asked for."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        self.page = answer.read().decode()
        self.requests += 1
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if answer.status >= 400:
            raise RuntimeError(f"{method} {address}: {answer.status}")
        return answer.getheader("Location") or address

    def submit(self, address: str, values: dict[str, object]) -> None:
        """Post the form of the page, and follow where that leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)[1]
        hidden = re.findall(r'name="(_base_etags|_expected_etag)" value="([^"]*)"', self.page)
        posted = {"csrfmiddlewaretoken": token, **values, **dict(hidden)}
        self.here = self.ask("POST", address, urlencode(posted, doseq=True))
        if self.here != address:
            self.ask("GET", self.here)


def portal_journey(port: int, values: dict[str, object]) -> int:
    """Answer five questions with 3 kB each and submit; return the number of requests."""
    browser = Browser(port)
    call = "/calls/rebalancing-the-relationship/"
    browser.ask("GET", call)
    browser.submit(f"{call}start/", {})
    while not browser.here.endswith("/check/"):
        shown = re.search(r'name="_base_etags" value="([^"]*)"', browser.page)[1]
        keys = {part.partition(":")[0] for part in shown.split()}
        browser.submit(browser.here, {key: values[key] for key in keys if key in values})
    browser.submit(browser.here, {})
    if not browser.here.endswith("/submitted/"):
        raise RuntimeError(f"the journey ended at {browser.here}")
    return browser.requests


def floor_journey(port: int, requests: int) -> int:
    browser = Browser(port)
    for _ in range(requests):
        browser.ask("POST", "/insert/", urlencode({"text": ANSWER}))
    return requests


def journeys(port: str, count: str, given: str) -> dict[str, float]:
    """Walk `count` journeys, 32 at once; return journeys a second and requests in each."""
    told = json.loads(given)
    left = iter(range(int(count)))
    lock = threading.Lock()
    requests: list[int] = []
    faults: list[Exception] = []

    def walk() -> None:
        while True:
            with lock:
                if next(left, None) is None or faults:
                    return
            try:
                if isinstance(told, int):
                    requests.append(floor_journey(int(port), told))
                else:
                    requests.append(portal_journey(int(port), told))
            except (OSError, RuntimeError, http.client.HTTPException) as fault:
                faults.append(fault)

    began = time.monotonic()
    threads = [threading.Thread(target=walk) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return {"rate": len(requests) / (time.monotonic() - began), "requests": requests[0]}


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    result = {"floor": floor, "portal": portal, "journeys": journeys}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(result))
