"""python -m bench.sign_in: what other pages cost while 12 people sign in at once.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings.
One visitor opens the call page again and again: first alone, then while 12 people press "Sign in"
at the same moment, with the right password. A password's hash takes most of a second of a core.
Prints the median and the slowest tenth of the page's times in both, and their ratios (aim: both
under 3). The machine should be quiet.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median, quantiles
from urllib.parse import urlencode

from bench.journey import ask, environment
from bench.mail import ROOT, broker, postgres

PEOPLE = 12
PASSWORD = "correct horse battery staple"
PAGE = "/calls/rebalancing-the-relationship/"
SIGN_IN = "/steering/sign-in/"
MAKE_PEOPLE = f"""
from django.contrib.auth.hashers import make_password
from accounts.models import User
kept = make_password({PASSWORD!r})
User.objects.bulk_create(User(username=f"person-{{n}}", password=kept) for n in range(1000))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, help="default 3")
    chosen = parser.parse_args()
    with (
        postgres() as database,
        broker() as broker_url,
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
    ):
        portal = environment(database, broker_url, folder)
        ask(portal, "portal", "prepare")
        make = [sys.executable, "manage.py", "shell", "--command", MAKE_PEOPLE]
        subprocess.run(make, env=portal, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with portals_own_gunicorn(portal) as port:
            for turn in range(chosen.turns):
                report(*measure(port, first=turn * PEOPLE))
    return 0


def measure(port: int, *, first: int) -> tuple[list[float], list[float], float]:
    """Return the page's times alone, those beside the sign-ins, and how long these took."""
    alone = [seconds_of_page(port) for _ in range(100)][20:]
    ready, beside = threading.Barrier(PEOPLE + 1), []
    people = [
        threading.Thread(target=sign_in, args=(port, f"person-{first + n}", ready))
        for n in range(PEOPLE)
    ]
    for person in people:
        person.start()
    ready.wait()
    began = time.monotonic()
    while any(person.is_alive() for person in people):
        beside.append(seconds_of_page(port))
    return alone, beside, time.monotonic() - began


def report(alone: list[float], beside: list[float], took: float) -> None:
    print(f"{PEOPLE} people signed in within {took:.1f} s, {len(beside)} pages meanwhile")
    for said, of in (("median", median), ("slowest tenth", slowest_tenth)):
        usual, then = of(alone) * 1000, of(beside) * 1000
        ratio = then / usual
        print(f"  {said}: {usual:.1f} ms alone, {then:.1f} ms beside: {ratio:.2f} times (aim: 3)")


def slowest_tenth(times: list[float]) -> float:
    return quantiles(times, n=10)[-1]


def seconds_of_page(port: int) -> float:
    began = time.monotonic()
    answer, _ = request(port, "GET", PAGE)
    if answer != 200:
        raise RuntimeError(f"the page answers {answer}")
    return time.monotonic() - began


def sign_in(port: int, name: str, ready: threading.Barrier) -> None:
    _, cookie = request(port, "GET", SIGN_IN)
    token = re.search(r"csrf=(\w+)", cookie)[1]
    form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
    ready.wait()
    answer, _ = request(port, "POST", SIGN_IN, urlencode(form), f"csrf={token}")
    if answer != 302:
        raise RuntimeError(f"signing in answers {answer}")


def request(port: int, method: str, path: str, body: str = "", cookie: str = "") -> tuple[int, str]:
    """Return the status and the cookies that are set."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    heads = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request(method, path, body, heads if body else {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Set-Cookie", "")


@contextmanager
def portals_own_gunicorn(surroundings: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    with subprocess.Popen(command, env=os.environ | surroundings, cwd=ROOT) as server:
        try:
            wait_until_it_answers(port)
            yield port
        finally:
            server.terminate()


def wait_until_it_answers(port: int) -> None:
    for _ in range(600):
        try:
            seconds_of_page(port)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("gunicorn does not answer")


if __name__ == "__main__":
    sys.exit(main())
