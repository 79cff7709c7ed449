"""python -m bench.scale: what more web processes bring, and what more responses cost.

`--processes 1 2 4`: for each number of web processes a portal of its own (PostgreSQL durable, as in
production), in which people with ready drafts press Submit, as many at once as the web server has
threads. Prints the accepted submissions a second, the time of an answer by p50 and p95, and the
ratio to the bare insert floor of bench.closing on the same database. Four processes on two cores
bring nothing: PostgreSQL, the worker and those who press need them, too.

`--counts 1000 100000`: the first call with as many fake responses of ten answers and more. From
the pages of the call, of the steering group and of the admin, it follows one link to each kind of
page, with a few codes, codings and findings to show. Prints each page's number of queries and the
median of three times for each count, with the ratio to the first. What is to say of it: pages ask
as many queries at 100,000 responses as at 1,000. Ends with 1 if a page asks more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from bench.closing import SLUG, floor, free_port
from bench.crowd import Answer, Person, Site, people_with_drafts
from bench.mail import ROOT, mail_server, postgres
from bench.own_portal import environment_of, own_portal
from bench.portal_environment import environment_of as environment_on

THREADS = 4  # of each web process: gunicorn.conf.py


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--people", type=int, default=600, help="who submit; default 600")
    parser.add_argument("--counts", type=int, nargs="*", default=[1_000, 100_000])
    chosen = parser.parse_args()
    for processes in chosen.processes:
        submit_with(processes, chosen.people)
    return measure_pages(chosen.counts) if chosen.counts else 0


def submit_with(processes: int, people: int) -> None:
    os.environ |= {"WEB_CONCURRENCY": str(processes), "MAIL_OF_CLIENT_PER_HOUR": "1000000"}
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, mail_server() as mail_port:
        # PostgreSQL may run as another account, which has to pass through.
        Path(folder).chmod(0o711)
        data, port = Path(folder) / "data", free_port()
        email_url = f"smtp://127.0.0.1:{mail_port}"
        with own_portal(data, port=port, email_url=email_url, say=lambda _line: None):
            environment = environment_of(data)
            crowd = people_with_drafts(environment, SLUG, people)
            answers = _press(Site(port, SLUG), crowd, at_once=processes * THREADS)
            bare = floor(environment["MIGRATION_DATABASE_URL"])
    received = [answer for answer in answers if answer.received]
    began = min(answer.pressed_at for answer in answers)
    rate = len(received) / (max(answer.answered_at for answer in answers) - began)
    cuts = quantiles((answer.seconds for answer in received), n=100)
    print(
        f"{processes} web processes, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores: "
        f"{len(received)} of {len(answers)} accepted, {rate:.0f} a second, p50 {cuts[49]:.2f} s, "
        f"p95 {cuts[94]:.2f} s; floor {bare:.0f} a second, ratio {rate / bare:.3f}",
        flush=True,
    )


def _press(site: Site, people: list[Person], *, at_once: int) -> list[Answer]:
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(site.press_submit, people))


def measure_pages(counts: list[int]) -> int:
    with postgres() as database, _environment(database) as environment:
        for before, count in pairwise([0, *counts]):
            began = time.monotonic()
            more = ["seed_responses", "--count", str(count - before), "--seed", str(count)]
            _manage(environment, *more, *([] if before else ["--team"]))
            print(f"{count:,} responses, {time.monotonic() - began:.0f} s to make", flush=True)
            command = [sys.executable, "-m", "bench.scale_measured", str(count)]
            ended = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
            if ended:
                return ended
    return 0


@contextmanager
def _environment(database: str) -> Iterator[dict[str, str]]:
    """Yield the environment of a portal with the first call, open."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        kept = {
            "PORTAL_DATA": folder,
            "PORTAL_MEDIA": f"{folder}/media",
            "PORTAL_STATIC": f"{folder}/static",
            "SCALE_SEEN": f"{folder}/seen.json",
        }
        environment = environment_on(database) | kept | {"REHEARSE_FROM": "2019-07-23T10:00+01:00"}
        environment["REHEARSE_STARTED_AT"] = datetime.now(UTC).isoformat()
        for command in (
            ["migrate"],
            ["collectstatic", "--no-input"],
            ["load_call", f"submissions/definitions/{SLUG}.toml"],
        ):
            _manage(environment, *command)
        yield environment


def _manage(environment: dict[str, str], *command: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command],
        env=environment,
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    sys.exit(main())
