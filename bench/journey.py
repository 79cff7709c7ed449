"""python -m bench.journey: what a respondent's pages and journeys cost, against a bare Django.

Starts a PostgreSQL of its own (durable, as in production) with the portal and the first call in
one database and the floor (`bench.journey_floor`: a new project's middleware, nothing else) in
another. By turns, each in a process of its own, measured in that process's CPU:

- the call page against a GET that fetches one row (aim: 3 times or less), with no response in
  the database and with 100,000 drafts (aim: the same);
- a section's page against a plain form of as many fields (aim: 3 times or less);

then whole journeys with five answers of 3 kB, 32 at once, over HTTP to gunicorn with the
portal's own settings, against as many requests with one insert each (aim: 0.2 or more).
Queries are counted on each page (aim: 10 or fewer). Absolute figures move with the machine; the
ratios of one run hold.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.journey_by_turns import ANSWER
from bench.mail import ROOT, broker, postgres

FIELDS = 5  # about_you's questions
GIVEN = {
    "roles": ["small_org"],
    "capacity": "personal",
    "name": "Tamsin Okafor-Vale",
    "email": "tamsin@example.org",
    "age": "18_or_over",
    "bid_history": ["led_partnership"],
    "publication": "named",
    "quote_ok": "yes",
    "contact_followup": "no",
    "declaration_personal": "yes",
    **dict.fromkeys(
        ("competition_effect", "good_practice", "poor_practice", "larger_orgs", "smaller_orgs"),
        ANSWER,
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, help="default 3")
    parser.add_argument("--journeys", type=int, default=200, help="a turn; default 200")
    chosen = parser.parse_args()
    with (
        postgres() as of_portal,
        postgres() as of_floor,
        broker() as broker_url,
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
    ):
        portal = environment(of_portal, broker_url, folder)
        bare = {**os.environ, "DATABASE_URL": of_floor}
        ask(portal, "portal", "prepare")
        ask(bare, "floor", "table")
        empty = by_turns(portal, bare, chosen.turns)
        ask(portal, "portal", "fill")
        full = by_turns(portal, bare, chosen.turns)
        report_pages(empty, full)
        report_journeys(portal, bare, chosen)
    return 0


def environment(database: str, broker_url: str, folder: str) -> dict[str, str]:
    return os.environ | {
        "PORTAL_ENV": "local",
        "SECRET_KEY": "of-the-benchmark-only",
        "PORTAL_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1 testserver",
        "DATABASE_URL": database,
        "BROKER_URL": broker_url,
        # One client walks them all: counted as in production, and never reached.
        "DRAFTS_OF_CLIENT_PER_HOUR": "1000000",
        "DRAFTS_IN_ALL_PER_HOUR": "1000000",
        "MAIL_OF_CLIENT_PER_HOUR": "1000000",
        "EMAIL_URL": f"file://{folder}/mail",
        "PORTAL_MEDIA": f"{folder}/media",
        "PORTAL_STATIC": f"{folder}/static",
        "REHEARSE_FROM": "off",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
    }


def ask(surroundings: dict[str, str], *task: str) -> dict:
    command = [sys.executable, "-m", "bench.journey_by_turns", *task]
    done = subprocess.run(
        command, env=surroundings, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def by_turns(portal: dict[str, str], bare: dict[str, str], turns: int) -> dict[str, float]:
    """Return medians of CPU milliseconds, and the portal's queries a page."""
    seen = [
        (ask(portal, "portal", "turn"), ask(bare, "floor", "turn", str(FIELDS)))
        for _ in range(turns)
    ]
    figures = {
        name: median(turn[side][name] for turn in seen)
        for side, names in ((0, ("call", "section")), (1, ("query", "form", "choices")))
        for name in names
    }
    return figures | {"queries": seen[0][0]["queries"]}


def report_pages(empty: dict, full: dict) -> None:
    for said, figures in (("no response", empty), ("100,000 drafts", full)):
        print(
            f"call page, {said}: {figures['call']:.2f} ms against {figures['query']:.2f} ms: "
            f"{figures['call'] / figures['query']:.2f} times (aim: 3)"
        )
        print(
            f"section page, {said}: {figures['section']:.2f} ms against a form of {FIELDS} text "
            f"fields {figures['form']:.2f} ms: {figures['section'] / figures['form']:.2f} times "
            f"(aim: 3); against {FIELDS} fields of radios {figures['choices']:.2f} ms: "
            f"{figures['section'] / figures['choices']:.2f} times"
        )
    print(f"queries: {full['queries']} (aim: 10)")


def report_journeys(
    portal: dict[str, str], bare: dict[str, str], chosen: argparse.Namespace
) -> None:
    rates: dict[str, list[float]] = {"portal": [], "floor": []}
    given = json.dumps(GIVEN)
    with (
        gunicorn(portal, "evidence_portal.wsgi:application") as portal_port,
        gunicorn(bare, "bench.journey_floor:application") as floor_port,
    ):
        for _ in range(chosen.turns):
            done = ask(portal, "journeys", portal_port, str(chosen.journeys), given)
            rates["portal"].append(done["rate"])
            requests = json.dumps(done["requests"])
            done = ask(bare, "journeys", floor_port, str(chosen.journeys), requests)
            rates["floor"].append(done["rate"])
    ours, floor = median(rates["portal"]), median(rates["floor"])
    print(
        f"journeys of {requests} requests, 32 at once: {ours:.1f} a second against {floor:.1f}: "
        f"{ours / floor:.2f} (aim: 0.2)"
    )


@contextmanager
def gunicorn(surroundings: dict[str, str], application: str) -> Iterator[str]:
    """Yields the port of a server with the portal's workers and threads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--worker-class", "gthread", "--threads", "4"]
    command += ["--config", "python:bench", "--log-level", "error", application]
    with subprocess.Popen(command, env=surroundings, cwd=ROOT) as server:
        try:
            wait_until_it_listens(port)
            yield str(port)
        finally:
            server.terminate()


def wait_until_it_listens(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("gunicorn does not listen")


if __name__ == "__main__":
    sys.exit(main())
