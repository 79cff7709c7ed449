"""Celery's own worker and beat as processes, on this run's database and a broker of the test's."""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connection

from devserver.children import start

ROOT = Path(__file__).parents[2]
WORKER = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle")


def own_database():
    """The address of this run's own database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{quote(connection.settings_dict['NAME'])}").geturl()


def environment(*, broker_url, smtp_port):
    return os.environ | {
        "BROKER_URL": broker_url,
        "DATABASE_URL": own_database(),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
    }


@contextmanager
def running(*command, folder, **engines):
    """Run a Celery command; yields the process, and kills it and its children in the end."""
    log = folder / f"{command[0]}.log"
    with log.open("ab") as output:
        child = start(
            [sys.executable, "-m", "celery", "-A", "evidence_portal", *command],
            death_signal=signal.SIGQUIT,
            env=environment(**engines),
            cwd=ROOT,
            log=output,
        )
    try:
        yield child
    finally:
        child.kill()


def running_beat(folder, **engines):
    schedule = ("--pidfile", "", "--schedule", str(folder / "schedule"))
    return running("beat", *schedule, folder=folder, **engines)
